// How far ahead a call may be dated, for the guards and their store.
//
// A store that is new cannot know what was used before it, and refuses what is dated up to this much after its first
// use. With the default, 30 s, the example would have to wait for so long. In production leave it as it is: there a store
// is new once.
export const clockSkewMs = 1000;
