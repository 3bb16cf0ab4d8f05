/** A cut and steps as they go over the host link: plugin/secondunit_plugin/hosts/strips.py, steps.py. */

export type Kind = "picture" | "sound";

/** Fractions are texts such as "24000/1001". `first` counts from the file's first frame at `rate`. */
export interface Media {
  path: string;
  rate: string;
  first: string;
  speed: string;
  stream: number;
}

/** `start` and `frames` count at the cut's rate, from its first frame as 0. `media` null: what only Premiere can show. */
export interface Strip {
  id: string;
  track: string;
  kind: Kind;
  name: string;
  start: number;
  frames: number;
  media: Media | null;
  enabled: boolean;
  link: string;
  generated: boolean;
  state: string;
}

export interface Transition {
  track: string;
  at: number;
  into: number;
  out: number;
  left: string | null;
  right: string | null;
  kind: string;
  name: string;
}

export interface Track {
  name: string;
  kind: Kind;
  enabled: boolean;
  locked: boolean;
}

export interface Marker {
  name: string;
  at: number;
  frames: number;
  text: string;
}

export interface Strips {
  name: string;
  rate: string;
  start: number;
  tracks: Track[];
  strips: Strip[];
  transitions: Transition[];
  markers: Marker[];
}

export type Step =
  | { type: "AddTrack" | "RemoveTrack"; track: Track; above: string | null }
  | { type: "Add"; strip: Strip; like: string | null }
  | { type: "Remove"; strip: Strip }
  | { type: "Change"; before: Strip; after: Strip }
  | { type: "AddTransition" | "RemoveTransition"; transition: Transition };

/** What is answered to `read`, `apply` and `version`. */
export interface Told {
  project: string;
  sequence: string;
  revision: string;
  strips: Strips;
  notes?: string[];
}

export const REFUSED = 1;
export const MOVED = 2;
export const FAILED = 3;
export const LATE = 4;

/** What a handler throws for a person to read. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly code: number = REFUSED,
  ) {
    super(message);
  }
}
