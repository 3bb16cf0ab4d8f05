"use strict";
/** Exact time: Premiere counts ticks, the link fractions. */
Object.defineProperty(exports, "__esModule", { value: true });
exports.PER_SECOND = void 0;
exports.fraction = fraction;
exports.parsed = parsed;
exports.text = text;
exports.times = times;
exports.divided = divided;
exports.rounded = rounded;
exports.rate = rate;
exports.nearest = nearest;
exports.position = position;
/** https://ppro-scripting.docsforadobe.dev/other/time/ : "there are 254016000000 ticks per second". */
exports.PER_SECOND = 254016000000n;
/** `under` is no 0. */
function fraction(over, under = 1n) {
    const sign = under < 0n ? -1n : 1n;
    let [a, b] = [over < 0n ? -over : over, under * sign];
    while (b)
        [a, b] = [b, a % b];
    return { over: (sign * over) / (a || 1n), under: (sign * under) / (a || 1n) };
}
function parsed(text) {
    const [over, under] = text.split("/");
    return fraction(BigInt(over ?? ""), BigInt(under ?? "1"));
}
function text(one) {
    return one.under === 1n ? `${one.over}` : `${one.over}/${one.under}`;
}
function times(one, other) {
    return fraction(one.over * other.over, one.under * other.under);
}
function divided(one, other) {
    return fraction(one.over * other.under, one.under * other.over);
}
/** Ties go up. */
function rounded(one) {
    const doubled = 2n * one.over + one.under;
    const cut = doubled / (2n * one.under);
    return doubled < 0n && doubled % (2n * one.under) ? cut - 1n : cut;
}
/** The rate that a floating-point number stands for: as films have it, whole or times 1000/1001, where one is near. */
function rate(value) {
    const ntsc = (Math.round((value * 1001) / 1000) * 1000) / 1001;
    if (Math.abs(value - ntsc) < 0.004 && Math.abs(value - ntsc) < Math.abs(value - Math.round(value))) {
        return fraction(BigInt(Math.round((value * 1001) / 1000)) * 1000n, 1001n);
    }
    return nearest(value, 1000n);
}
/** The fraction next to `value` whose lower part is at most `finest`, by continued fractions. */
function nearest(value, finest) {
    let [over, under, overBefore, underBefore] = [1n, 0n, 0n, 1n];
    let rest = value;
    for (;;) {
        const whole = BigInt(Math.floor(rest));
        const next = [whole * over + overBefore, whole * under + underBefore];
        if (under && next[1] > finest)
            break;
        [overBefore, underBefore, over, under] = [over, under, ...next];
        const left = rest - Math.floor(rest);
        if (left < 1e-9)
            break;
        rest = 1 / left;
    }
    return fraction(over, under);
}
/** The ticks of the media at which something begins, whole: parts of one are rounded. */
function position(media) {
    return rounded(times(divided(parsed(media.first), parsed(media.rate)), fraction(exports.PER_SECOND)));
}
