// A schema with one of everything that has a name, and what each name is declared in.
import type { SchemaFile } from "../../src/schema/source.ts";
import { compileFiles } from "../schema/schema-inputs.ts";

export const reflectedFiles: readonly SchemaFile[] = compileFiles({
  "shop/base.proto": `syntax = "proto2";
    package shop;
    import "google/protobuf/timestamp.proto";
    message Base { optional google.protobuf.Timestamp at = 1; extensions 100 to 999; }
    message Plain {}
  `,
  "shop/order.proto": `syntax = "proto2";
    package shop;
    import "shop/base.proto";
    enum State { STATE_UNKNOWN = 0; SOLD = 1; }
    message Order {
      optional Base base = 1;
      oneof how { string card = 2; string cash = 3; }
      map<string, int32> counts = 4;
      enum Size { SMALL = 0; LARGE = 1; }
      message Line {
        optional Size size = 1;
        extend Base { optional string note = 130; }
        enum Unit { PIECE = 0; }
      }
      repeated Line lines = 5;
    }
    message __proto__ { optional string constructor = 1; }
    extend Base { optional State state = 120; repeated int32 marks = 110; }
    service Orders { rpc Get(Order) returns (Order); rpc Watch(Order) returns (stream Order); }
  `,
  "bare.proto": `syntax = "proto3";
    import "shop/order.proto";
    enum Bare { BARE_ZERO = 0; }
    message Alone { shop.Order order = 1; }
    service Solo { rpc Do(Alone) returns (Alone); }
  `,
});
