// A message with fields of every kind, whose query is read by the routes of each profile.
import { compileSchema, fixtureOf, refusalOf, service } from "./route-fixture.ts";

const messages = `
enum View { VIEW_UNSPECIFIED = 0; BASIC = 1; FULL = 2; }
message Author { string full_name = 1; int32 age = 2; Author mentor = 3; }
message Req {
  string text = 1;
  int32 i32 = 2; sint32 s32 = 3; uint32 u32 = 4; fixed32 f32 = 5; sfixed32 sf32 = 6;
  int64 i64 = 7; sint64 s64 = 8; uint64 u64 = 9; fixed64 f64 = 10; sfixed64 sf64 = 11;
  float flt = 12; double dbl = 13; bool flag = 14; bytes raw_bytes = 15;
  View view = 16;
  repeated string tags = 17; repeated int32 nums = 18; repeated View views = 19;
  map<string, string> labels = 20; map<int32, View> view_of = 21; map<bool, google.protobuf.Timestamp> times = 22;
  map<string, Author> authors = 23;
  google.protobuf.Timestamp at = 24; google.protobuf.Duration ttl = 25; google.protobuf.FieldMask mask = 26;
  google.protobuf.Int64Value boxed = 27; google.protobuf.StringValue boxed_text = 28;
  google.protobuf.Struct struct = 29; google.protobuf.Value value = 30; google.protobuf.ListValue list = 31;
  Author author = 32; repeated Author crowd = 33;
  oneof choice { string left = 34; Author right = 35; }
  optional string maybe = 36;
  string renamed = 37 [json_name = "other"];
  repeated google.protobuf.Duration ttls = 38;
  google.protobuf.Any any = 39;
  string id = 40;
  repeated google.protobuf.Value values = 41;
  google.protobuf.NullValue nothing = 42;
  google.protobuf.Empty empty = 43; map<string, google.protobuf.Empty> empties = 44; google.protobuf.BytesValue boxed_bytes = 45;
}`;
const registry = compileSchema(`${messages}\n${service('get: "/v1/{id}/{author.mentor.full_name}"')}`);
export const standard = fixtureOf(registry);
export const gateway = fixtureOf(registry, "grpc-gateway");
export const google = fixtureOf(registry, "google");
export const path = { id: "p", author: { mentor: { full_name: "m" } } };

export function bound(query: string, fixture = standard): unknown {
  return fixture.bind({ captures: ["p", "m"], query });
}

export function refused(query: string, fixture = standard): string {
  return refusalOf(() => bound(query, fixture));
}
