import { describeMatrix } from "./harness/matrix.js";
import { SETUPS } from "./harness/setups.js";

describeMatrix(SETUPS.filter(({ sdk }) => sdk === "v1"));
