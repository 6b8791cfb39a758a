import { Option } from "commander";
import { SECTIONS } from "./entries.js";

/** Which list of the registry is meant. */
export function sectionOption(): Option {
  return new Option("--section <section>", "the list that it is in").choices(SECTIONS).default("agents");
}
