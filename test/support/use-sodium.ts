import { useSodium } from "../../src/sodium.js";

await useSodium();
