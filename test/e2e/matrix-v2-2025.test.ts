import { describeMatrix } from "./harness/matrix.js";
import { V2_2025_SETUPS } from "./harness/setups.js";

describeMatrix(V2_2025_SETUPS);
