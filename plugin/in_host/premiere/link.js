"use strict";
/** Premiere's end of the link to the panel, as docs/host-link.md specifies it, over a WebSocket. */
Object.defineProperty(exports, "__esModule", { value: true });
exports.Link = void 0;
const wire_js_1 = require("./wire.js");
const PROTOCOL = [1, 1];
const LIMIT = 16 * 1024 * 1024;
const RETRY_MS = 1000;
const HELLO_MS = 5000;
const NO_METHOD = -32601;
const NONE = "no panel is open, start one: secondunit panel";
/** Requests that wait; a panel that asks more is not ours. */
const WAITING = 64;
/**
 * Finds the panel, connects and connects again until `close`. What is asked is answered one by one.
 *
 * `address` reads the panel's link.json; it fails where there is none.
 */
class Link {
    address;
    about;
    handlers;
    changed;
    /** Why there is no connection, for a person; empty while there is one. */
    problem = NONE;
    socket = null;
    waiting = [];
    answering = false;
    retry;
    closed = false;
    constructor(address, about, handlers, changed = () => undefined) {
        this.address = address;
        this.about = about;
        this.handlers = handlers;
        this.changed = changed;
    }
    start() {
        void this.connect();
    }
    close() {
        this.closed = true;
        clearTimeout(this.retry);
        this.socket?.close();
    }
    get connected() {
        return this.problem === "";
    }
    /** A notification; without a panel it is dropped. */
    tell(method, params = {}) {
        if (this.connected)
            this.send({ jsonrpc: "2.0", method, params });
    }
    async connect() {
        let target, token;
        try {
            const told = JSON.parse(await this.address());
            [target, token] = [String(told.websocket ?? ""), String(told.token)];
        }
        catch {
            return this.lost(NONE);
        }
        if (this.closed)
            return;
        if (!/^ws:\/\/127\.0\.0\.1:\d+$/.test(target)) {
            return this.lost("the panel has no address for Premiere: another program has its port, see docs/hosts/premiere.md");
        }
        let socket;
        try {
            socket = new WebSocket(target);
        }
        catch (error) {
            return this.lost(`Premiere allows no connection with ${target} (${String(error)}): \`secondunit install premiere\``);
        }
        this.socket = socket;
        let why = NONE;
        const hello = { token, protocol: PROTOCOL, process: 0, ...this.about() };
        const late = setTimeout(() => socket.close(), HELLO_MS);
        socket.onopen = () => this.send({ jsonrpc: "2.0", id: 0, method: "hello", params: hello });
        socket.onmessage = (event) => {
            why = "the panel was closed";
            try {
                this.take(JSON.parse(String(event.data)));
                clearTimeout(late);
            }
            catch (error) {
                why = error instanceof wire_js_1.Refused ? error.message : "the panel sent something that is no request";
                socket.close();
            }
        };
        socket.onclose = () => {
            clearTimeout(late);
            if (this.socket === socket)
                this.lost(why);
        };
    }
    lost(why) {
        this.socket = null;
        this.waiting = [];
        this.say(why);
        if (!this.closed)
            this.retry = setTimeout(() => void this.connect(), RETRY_MS);
    }
    say(problem) {
        const other = problem !== this.problem;
        this.problem = problem;
        if (other)
            this.changed();
    }
    take(message) {
        if (!this.connected) {
            if (typeof message?.result !== "object") {
                throw new wire_js_1.Refused(String(message?.error?.message ?? "the panel does not answer"));
            }
            this.say("");
            return;
        }
        const { id, method, params } = message;
        const within = params?.within ?? 3600;
        const fits = Number.isInteger(id) && typeof method === "string" && typeof within === "number";
        if (!fits || this.waiting.length >= WAITING)
            throw new TypeError();
        this.waiting.push({ id, method, params, deadline: Date.now() + within * 1000 });
        void this.answer();
    }
    async answer() {
        if (this.answering)
            return;
        this.answering = true;
        const socket = this.socket;
        for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
            const answer = await this.answered(next);
            if (this.socket === socket)
                this.send({ jsonrpc: "2.0", id: next.id, ...answer });
        }
        this.answering = false;
        if (this.waiting.length)
            void this.answer();
    }
    async answered(request) {
        try {
            const handler = this.handlers[request.method];
            if (!handler)
                throw new wire_js_1.Refused(`this host has no method ${request.method}`, NO_METHOD);
            if (Date.now() > request.deadline)
                throw new wire_js_1.Refused("the host was busy until it was too late", wire_js_1.LATE);
            return { result: (await handler(request.params)) ?? null };
        }
        catch (error) {
            const code = error instanceof wire_js_1.Refused ? error.code : wire_js_1.FAILED;
            return { error: { code, message: error instanceof Error ? error.message : String(error) } };
        }
    }
    send(message) {
        let line = JSON.stringify(message);
        if (line.length * 3 > LIMIT && bytes(line) > LIMIT) {
            if (!("id" in message))
                return;
            line = JSON.stringify({ jsonrpc: "2.0", id: message.id, error: { code: wire_js_1.FAILED, message: "the answer is longer than 16 MiB" } });
        }
        this.socket?.send(line);
    }
}
exports.Link = Link;
/** In UTF-8; UXP has no TextEncoder. */
function bytes(line) {
    let count = line.length;
    for (const one of line) {
        const point = one.codePointAt(0) ?? 0;
        count += point > 0x7ff ? 2 : point > 0x7f ? 1 : 0;
    }
    return count;
}
