/** Exact time: Premiere counts ticks, the link fractions. */

/** https://ppro-scripting.docsforadobe.dev/other/time/ : "there are 254016000000 ticks per second". */
export const PER_SECOND = 254016000000n;

export interface Fraction {
  readonly over: bigint;
  readonly under: bigint;
}

/** `under` is no 0. */
export function fraction(over: bigint, under = 1n): Fraction {
  const sign = under < 0n ? -1n : 1n;
  let [a, b] = [over < 0n ? -over : over, under * sign];
  while (b) [a, b] = [b, a % b];
  return { over: (sign * over) / (a || 1n), under: (sign * under) / (a || 1n) };
}

export function parsed(text: string): Fraction {
  const [over, under] = text.split("/");
  return fraction(BigInt(over ?? ""), BigInt(under ?? "1"));
}

export function text(one: Fraction): string {
  return one.under === 1n ? `${one.over}` : `${one.over}/${one.under}`;
}

export function times(one: Fraction, other: Fraction): Fraction {
  return fraction(one.over * other.over, one.under * other.under);
}

export function divided(one: Fraction, other: Fraction): Fraction {
  return fraction(one.over * other.under, one.under * other.over);
}

/** Ties go up. */
export function rounded(one: Fraction): bigint {
  const doubled = 2n * one.over + one.under;
  const cut = doubled / (2n * one.under);
  return doubled < 0n && doubled % (2n * one.under) ? cut - 1n : cut;
}

/** The rate that a floating-point number stands for: as films have it, whole or times 1000/1001, where one is near. */
export function rate(value: number): Fraction {
  const ntsc = (Math.round((value * 1001) / 1000) * 1000) / 1001;
  if (Math.abs(value - ntsc) < 0.004 && Math.abs(value - ntsc) < Math.abs(value - Math.round(value))) {
    return fraction(BigInt(Math.round((value * 1001) / 1000)) * 1000n, 1001n);
  }
  return nearest(value, 1000n);
}

/** The fraction next to `value` whose lower part is at most `finest`, by continued fractions. */
export function nearest(value: number, finest: bigint): Fraction {
  let [over, under, overBefore, underBefore] = [1n, 0n, 0n, 1n];
  let rest = value;
  for (;;) {
    const whole = BigInt(Math.floor(rest));
    const next = [whole * over + overBefore, whole * under + underBefore] as const;
    if (under && next[1] > finest) break;
    [overBefore, underBefore, over, under] = [over, under, ...next];
    const left = rest - Math.floor(rest);
    if (left < 1e-9) break;
    rest = 1 / left;
  }
  return fraction(over, under);
}

/** The ticks of the media at which something begins, whole: parts of one are rounded. */
export function position(media: { first: string; rate: string }): bigint {
  return rounded(times(divided(parsed(media.first), parsed(media.rate)), fraction(PER_SECOND)));
}
