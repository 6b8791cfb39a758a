import { describeMatrix } from "./harness/matrix.js";
import { MIXED_SETUPS } from "./harness/setups.js";

describeMatrix(MIXED_SETUPS);
