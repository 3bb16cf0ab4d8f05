/** What files hold, by ffprobe. */

import { execFileSync } from "node:child_process";

import { type MediaFile, PER_SECOND } from "./world.js";

export function probed(path: string): MediaFile | null {
  const asked = ["-v", "error", "-show_entries", "stream=codec_type,r_frame_rate,nb_frames:format=duration", "-of", "json", path];
  let told: any;
  try {
    told = JSON.parse(execFileSync("ffprobe", asked, { encoding: "utf-8" }));
  } catch {
    return null;
  }
  const streams = (type: string): any[] => told.streams.filter((one: any) => one.codec_type === type);
  const [video] = streams("video");
  const [over, under] = String(video?.r_frame_rate ?? "0/1").split("/");
  const millionths = BigInt(Math.round(Number(told.format.duration) * 1e6));
  const counted = video?.nb_frames ? (BigInt(video.nb_frames) * BigInt(under!) * PER_SECOND) / BigInt(over!) : null;
  const duration = counted ?? (millionths * PER_SECOND) / 1000000n;
  return { duration, rate: Number(over) / Number(under), video: streams("video").length > 0, audio: streams("audio").length > 0 };
}
