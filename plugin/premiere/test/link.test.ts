import assert from "node:assert/strict";
import { type AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { type WebSocket, WebSocketServer } from "ws";
import { WebSocket as Client } from "ws";

import { Link, type Params } from "../src/link.js";
import { Refused } from "../src/wire.js";

Object.assign(globalThis, { WebSocket: Client });

/** A panel that greets, and what it is told. */
async function panel(context: TestContext, handlers: Record<string, (params: Params) => unknown>, token = "t") {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address() as AddressInfo;
  const told: any[] = [];
  let host: WebSocket | undefined;
  server.on("connection", (socket) => {
    host = socket;
    socket.on("message", (data) => {
      const message = JSON.parse(String(data));
      if (message.method !== "hello") return void told.push(message);
      const answer = message.params.token === "t" ? { result: { protocol: 1 } } : { error: { code: -32001, message: "no token" } };
      socket.send(JSON.stringify({ jsonrpc: "2.0", id: message.id, ...answer }));
    });
  });
  const about = { program: "Premiere", version: "26.3", supports: [], limits: [] };
  const address = async (): Promise<string> => JSON.stringify({ websocket: `ws://127.0.0.1:${port}`, token });
  const link = new Link(address, () => about, handlers);
  link.start();
  context.after(() => {
    link.close();
    server.close();
    for (const one of server.clients) one.terminate();
  });
  const until = async (condition: () => boolean): Promise<void> => {
    for (let waited = 0; !condition(); waited += 5) {
      assert.ok(waited < 5000, "it did not happen in time");
      await new Promise((done) => setTimeout(done, 5));
    }
  };
  const ask = (id: number, method: string, params: Params = {}): void => host!.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
  return { link, told, until, ask, host: () => host! };
}

test("questions are answered one by one, and errors are told", async (context) => {
  const order: string[] = [];
  const slow = async ({ name }: Params): Promise<string> => {
    order.push(`${name} begins`);
    await new Promise((done) => setTimeout(done, 20));
    order.push(`${name} ends`);
    return name;
  };
  const refuse = (): never => {
    throw new Refused("a render runs", 2);
  };
  const fail = (): never => {
    throw new TypeError("x");
  };
  const { link, told, until, ask } = await panel(context, { slow, refuse, fail });
  await until(() => link.connected);
  ask(1, "slow", { name: "a" });
  ask(2, "slow", { name: "b" });
  ask(3, "refuse");
  ask(4, "fail");
  ask(5, "shout");
  ask(6, "slow", { name: "c", within: -1 });
  await until(() => told.length === 6);
  assert.deepEqual(order, ["a begins", "a ends", "b begins", "b ends"]);
  assert.deepEqual(told.map((one) => one.result ?? one.error.code), ["a", "b", 2, 3, -32601, 4]);
});

test("an answer beyond 16 MiB is told as too long, and a notification is dropped", async (context) => {
  const { link, told, until, ask } = await panel(context, { text: () => "é".repeat(9 << 20), fits: () => "é".repeat(8 << 10) });
  await until(() => link.connected);
  link.tell("changed", { text: "é".repeat(9 << 20) });
  ask(1, "text");
  ask(2, "fits");
  await until(() => told.length === 2);
  assert.match(told[0].error.message, /16 MiB/);
  assert.equal(told[1].result.length, 8 << 10);
});

test("a panel that refuses is said, and one that sends what is no request is left", async (context) => {
  const wrong = await panel(context, {}, "wrong");
  await wrong.until(() => wrong.link.problem === "no token");
  const { link, until, host } = await panel(context, {});
  for (const sent of ["{", '{"id": "1", "method": "read", "params": {}}', '{"id": 1, "method": "read", "params": {"within": "x"}}']) {
    await until(() => link.connected);
    host().send(sent);
    await until(() => !link.connected);
    assert.match(link.problem, /no request/);
  }
});

test("an address elsewhere is never connected with", async () => {
  for (const websocket of ["ws://192.0.2.1:24000", "wss://127.0.0.1:24000", "ws://127.0.0.1:24000/x", undefined]) {
    const about = { program: "Premiere", version: "26.3", supports: [], limits: [] };
    const link = new Link(async () => JSON.stringify({ websocket, token: "t" }), () => about, {});
    link.start();
    await new Promise((done) => setTimeout(done, 5));
    assert.match(link.problem, /no address/);
    link.close();
  }
});
