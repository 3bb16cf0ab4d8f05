/** Premiere's end of the link to the panel, as docs/host-link.md specifies it, over a WebSocket. */

import { FAILED, LATE, Refused } from "./wire.js";

const PROTOCOL = [1, 1];
const LIMIT = 16 * 1024 * 1024;
const RETRY_MS = 1000;
const HELLO_MS = 5000;
const NO_METHOD = -32601;
const NONE = "no panel is open, start one: secondunit panel";
/** Requests that wait; a panel that asks more is not ours. */
const WAITING = 64;

/** As it came over the wire. */
export type Params = Record<string, any>;
export type Handler = (params: Params) => unknown;

export interface About {
  program: string;
  version: string;
  supports: string[];
  limits: string[];
  /** As which file a version comes. */
  versions?: string;
}

interface Request {
  id: number;
  method: string;
  params: Params;
  deadline: number;
}

/**
 * Finds the panel, connects and connects again until `close`. What is asked is answered one by one.
 *
 * `address` reads the panel's link.json; it fails where there is none.
 */
export class Link {
  /** Why there is no connection, for a person; empty while there is one. */
  problem = NONE;
  private socket: WebSocket | null = null;
  private waiting: Request[] = [];
  private answering = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private closed = false;

  constructor(
    private readonly address: () => Promise<string>,
    private readonly about: () => About,
    private readonly handlers: Record<string, Handler>,
    private readonly changed: () => void = () => undefined,
  ) {}

  start(): void {
    void this.connect();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    this.socket?.close();
  }

  get connected(): boolean {
    return this.problem === "";
  }

  /** A notification; without a panel it is dropped. */
  tell(method: string, params: Params = {}): void {
    if (this.connected) this.send({ jsonrpc: "2.0", method, params });
  }

  private async connect(): Promise<void> {
    let target: string, token: string;
    try {
      const told = JSON.parse(await this.address());
      [target, token] = [String(told.websocket ?? ""), String(told.token)];
    } catch {
      return this.lost(NONE);
    }
    if (this.closed) return;
    if (!/^ws:\/\/127\.0\.0\.1:\d+$/.test(target)) {
      return this.lost("the panel has no address for Premiere: another program has its port, see docs/hosts/premiere.md");
    }
    let socket: WebSocket;
    try {
      socket = new WebSocket(target);
    } catch (error) {
      return this.lost(`Premiere allows no connection with ${target} (${String(error)}): \`secondunit install premiere\``);
    }
    this.socket = socket;
    let why = NONE;
    const hello = { token, protocol: PROTOCOL, process: 0, ...this.about() };
    const late = setTimeout(() => socket.close(), HELLO_MS);
    socket.onopen = () => this.send({ jsonrpc: "2.0", id: 0, method: "hello", params: hello });
    socket.onmessage = (event: MessageEvent) => {
      why = "the panel was closed";
      try {
        this.take(JSON.parse(String(event.data)));
        clearTimeout(late);
      } catch (error) {
        why = error instanceof Refused ? error.message : "the panel sent something that is no request";
        socket.close();
      }
    };
    socket.onclose = () => {
      clearTimeout(late);
      if (this.socket === socket) this.lost(why);
    };
  }

  private lost(why: string): void {
    this.socket = null;
    this.waiting = [];
    this.say(why);
    if (!this.closed) this.retry = setTimeout(() => void this.connect(), RETRY_MS);
  }

  private say(problem: string): void {
    const other = problem !== this.problem;
    this.problem = problem;
    if (other) this.changed();
  }

  private take(message: any): void {
    if (!this.connected) {
      if (typeof message?.result !== "object") {
        throw new Refused(String(message?.error?.message ?? "the panel does not answer"));
      }
      this.say("");
      return;
    }
    const { id, method, params } = message;
    const within = params?.within ?? 3600;
    const fits = Number.isInteger(id) && typeof method === "string" && typeof within === "number";
    if (!fits || this.waiting.length >= WAITING) throw new TypeError();
    this.waiting.push({ id, method, params, deadline: Date.now() + within * 1000 });
    void this.answer();
  }

  private async answer(): Promise<void> {
    if (this.answering) return;
    this.answering = true;
    const socket = this.socket;
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
      const answer = await this.answered(next);
      if (this.socket === socket) this.send({ jsonrpc: "2.0", id: next.id, ...answer });
    }
    this.answering = false;
    if (this.waiting.length) void this.answer();
  }

  private async answered(request: Request): Promise<{ result: unknown } | { error: { code: number; message: string } }> {
    try {
      const handler = this.handlers[request.method];
      if (!handler) throw new Refused(`this host has no method ${request.method}`, NO_METHOD);
      if (Date.now() > request.deadline) throw new Refused("the host was busy until it was too late", LATE);
      return { result: (await handler(request.params)) ?? null };
    } catch (error) {
      const code = error instanceof Refused ? error.code : FAILED;
      return { error: { code, message: error instanceof Error ? error.message : String(error) } };
    }
  }

  private send(message: Params): void {
    let line = JSON.stringify(message);
    if (line.length * 3 > LIMIT && bytes(line) > LIMIT) {
      if (!("id" in message)) return;
      line = JSON.stringify({ jsonrpc: "2.0", id: message.id, error: { code: FAILED, message: "the answer is longer than 16 MiB" } });
    }
    this.socket?.send(line);
  }
}

/** In UTF-8; UXP has no TextEncoder. */
function bytes(line: string): number {
  let count = line.length;
  for (const one of line) {
    const point = one.codePointAt(0) ?? 0;
    count += point > 0x7ff ? 2 : point > 0x7f ? 1 : 0;
  }
  return count;
}
