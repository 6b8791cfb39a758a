export const INFO = { name: "matrix", version: "1.0.0" };

export const CAPABILITIES = {
  tools: { listChanged: true },
  resources: {},
  prompts: {},
  logging: {},
};
