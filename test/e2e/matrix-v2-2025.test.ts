import { describeMatrix } from "./harness/matrix.js";
import { SETUPS } from "./harness/setups.js";

describeMatrix(SETUPS.filter(({ sdk, era }) => sdk === "v2" && era === "2025"));
