import { describeMatrix } from "./harness/matrix.js";
import { V1_SETUPS } from "./harness/setups.js";

describeMatrix(V1_SETUPS);
