/**
 * Finds out which requests of a transport of Streamable HTTP have lost their way back. Both SDKs keep the stream that a request
 * came on by the request's id, and put a later request of the same id in its place as soon as it is there. That may be
 * long before they hand over the message of either, if the store of events takes its time: by then nothing tells any
 * more whose stream it is. So this watches while it happens.
 *
 * @returns tells whether the answer to a request may go to somebody else than who asked. Of another transport never.
 */
export function watchContested(transport: object): (id: unknown) => boolean {
  const inner: unknown = Reflect.get(transport, "_webStandardTransport");
  const owner = typeof inner === "object" && inner !== null ? inner : transport;
  const streams: unknown = Reflect.get(owner, "_requestToStreamMapping");
  if (!(streams instanceof Map)) return () => false;
  let contested = watched.get(streams);
  if (contested === undefined) {
    contested = watch(streams);
    watched.set(streams, contested);
  }
  const ids = contested;
  return (id) => ids.has(id);
}

/** A transport may be connected more than once. */
const watched = new WeakMap<object, ReadonlySet<unknown>>();

function watch(streams: Map<unknown, unknown>): ReadonlySet<unknown> {
  const contested = new Set<unknown>();
  Object.defineProperties(streams, {
    set: {
      value: (id: unknown, stream: unknown): unknown => {
        if (streams.has(id) && streams.get(id) !== stream) contested.add(id);
        return Map.prototype.set.call(streams, id, stream);
      },
    },
    delete: {
      value: (id: unknown): unknown => {
        contested.delete(id);
        return Map.prototype.delete.call(streams, id);
      },
    },
  });
  return contested;
}
