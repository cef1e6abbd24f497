// Options of flow control, as text of a .proto: for a service, for a method of policy-fixture's Notes.

export const methodOption = (policy: string): string => `option (protogate.v1.method) = { ${policy} };`;
export const serviceOption = (policy: string): string => `option (protogate.v1.service) = { ${policy} };`;
/** Without side effects, so that whoever's retry may count. */
export const getWith = (policy: string): string =>
  `rpc Get(Note) returns (Note) { option idempotency_level = NO_SIDE_EFFECTS; ${methodOption(policy)} }`;
export const talkWith = (policy: string): string =>
  `rpc Talk(stream Note) returns (stream Note) { ${methodOption(policy)} }`;
