const SCHEME = /^(?:user|agent|agent-instance|service|org|x-[a-z0-9-]+)$/;
const TRUST_DOMAIN = /^[a-z0-9][a-z0-9.-]{0,253}$/;
const SEGMENT = /^[a-z0-9][a-z0-9._-]{0,127}$/;

/**
 * Tells whether a text is a principal: `scheme://trust-domain[/segment…]` (wire format, section 9a).
 *
 * Only an `org` may be without a segment. Nothing is normalised: an upper-case letter or a trailing slash is refused.
 */
export function isPrincipal(text: string): boolean {
  const end = text.indexOf("://");
  if (end < 0) return false;
  const scheme = text.slice(0, end);
  const [trustDomain, ...segments] = text.slice(end + 3).split("/");
  if (!SCHEME.test(scheme) || trustDomain === undefined || !TRUST_DOMAIN.test(trustDomain)) return false;
  if (segments.length === 0) return scheme === "org";
  return segments.every((segment) => SEGMENT.test(segment));
}
