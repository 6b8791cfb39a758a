import { describeMatrix } from "./harness/matrix.js";
import { SETUPS } from "./harness/setups.js";

describeMatrix(SETUPS.filter(({ era }) => era === "2026"));
