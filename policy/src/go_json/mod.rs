//! Go's `encoding/json` (version 1 of its API, as in Go 1.26), as far as it decodes into structs.
//!
//! What sets it apart from other decoders, and is kept to the letter here:
//!
//! - the whole text is checked before anything is decoded, and may nest 10,000 levels deep (`syntax`);
//! - keys match field names in any case, two letters beyond ASCII included (`field_key`);
//! - a repeated key is decoded *into* the value that is there already, so that objects merge field by field and arrays
//!   element by element, and elements behind the end of a shortened array come back (`value`, `slice`);
//! - `null` empties pointers and slices and leaves everything else as it is;
//! - half a surrogate pair and bytes that are no UTF-8 become U+FFFD (`string`);
//! - members that no field matches are skipped, whatever they hold.
//!
//! One thing is simpler than there: decoding ends at the first value of a wrong type. Go remembers the first one, goes on,
//! and returns it at the end; the caller throws away what was decoded either way.
//!
//! Nothing here recurses on the text: checking and skipping keep their own stack, decoding is as deep as the types.

mod field_key;
mod reader;
mod slice;
mod string;
mod syntax;
mod value;

#[cfg(test)]
mod tests;

pub(super) use field_key::FieldKey;
pub(super) use reader::{Found, Reader};
pub use slice::Slice;
pub use syntax::SyntaxError;
pub use value::TypeError;
pub(super) use value::{Decode, Struct};
