/** The cut that steps make of another one, on what the link tells, and the steps that take them back. */

import { Refused, type Step, type Strip, type Strips, type Track, type Transition } from "./wire.js";

/** Throws Refused for a step that does not fit. */
export function carriedOut(told: Strips, steps: readonly Step[]): Strips {
  const tracks = [...told.tracks];
  const strips = new Map(told.strips.map((one) => [one.id, one]));
  let transitions = [...told.transitions];
  for (const step of steps) {
    const fits = (is: boolean): void => {
      if (!is) throw new Refused(`a step (${step.type}) does not fit the sequence: read it again`);
    };
    switch (step.type) {
      case "AddTrack": {
        const below = tracks.findIndex((one) => one.name === step.above);
        fits(step.above === null || below >= 0);
        tracks.splice(below + 1, 0, step.track);
        break;
      }
      case "RemoveTrack":
        fits(tracks.some((one) => one.name === step.track.name));
        tracks.splice(tracks.findIndex((one) => one.name === step.track.name), 1);
        break;
      case "Add":
        fits(!strips.has(step.strip.id));
        strips.set(step.strip.id, step.strip);
        break;
      case "Remove":
        fits(strips.delete(step.strip.id));
        break;
      case "Change":
        fits(strips.has(step.before.id));
        strips.set(step.after.id, step.after);
        break;
      case "AddTransition":
        transitions.push(step.transition);
        break;
      case "RemoveTransition": {
        const kept = transitions.filter((one) => !sameTransition(one, step.transition));
        fits(kept.length < transitions.length);
        transitions = kept;
        break;
      }
      default:
        throw new Refused(`what is installed in Premiere does not know the step ${(step as Step).type}: \`secondunit install premiere\``);
    }
  }
  return { ...told, tracks, strips: sorted(tracks, [...strips.values()]), transitions };
}

export function sorted(tracks: readonly Track[], strips: readonly Strip[]): Strip[] {
  const places = new Map(tracks.map((one, place) => [one.name, place]));
  const place = (one: Strip): number => places.get(one.track) ?? -1;
  return [...strips].sort((one, other) => place(one) - place(other) || one.start - other.start);
}

export function sameTransition(one: Transition, other: Transition): boolean {
  return one.track === other.track && one.at === other.at;
}

/** What takes `steps` back. Tracks that were added stay: Premiere's API removes none. */
export function takenBack(steps: readonly Step[]): Step[] {
  const back: Step[] = [];
  for (const step of steps) {
    switch (step.type) {
      case "Add":
        back.unshift({ type: "Remove", strip: step.strip });
        break;
      case "Remove":
        back.unshift({ type: "Add", strip: step.strip, like: null });
        break;
      case "Change":
        back.unshift({ type: "Change", before: step.after, after: step.before });
        break;
      case "AddTransition":
        back.unshift({ type: "RemoveTransition", transition: step.transition });
        break;
      case "RemoveTransition":
        back.unshift({ type: "AddTransition", transition: step.transition });
        break;
    }
  }
  return back;
}
