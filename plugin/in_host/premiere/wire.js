"use strict";
/** A cut and steps as they go over the host link: plugin/secondunit_plugin/hosts/strips.py, steps.py. */
Object.defineProperty(exports, "__esModule", { value: true });
exports.Refused = exports.LATE = exports.FAILED = exports.MOVED = exports.REFUSED = void 0;
exports.REFUSED = 1;
exports.MOVED = 2;
exports.FAILED = 3;
exports.LATE = 4;
/** What a handler throws for a person to read. */
class Refused extends Error {
    code;
    constructor(message, code = exports.REFUSED) {
        super(message);
        this.code = code;
    }
}
exports.Refused = Refused;
