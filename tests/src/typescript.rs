//! The TypeScript that the console and the widget use, made from the types of the frames. The files are kept in
//! the project, so that the UI builds without Rust; a test compares them with what the types give now.

use std::collections::BTreeMap;
use std::path::PathBuf;

use engine::protocol::error::Failure;
use engine::protocol::{left_message, operator, visitor};
use ts_rs::{Config, TS, TypeVisitor};

use crate::project;

/// Where the files are.
const FOLDER: &str = "web/ui/protocol/src/generated";

/// Frames that are put together as text in `engine::protocol::frame`, and so have no type there.
const COMMON: &str = r#"/** Stored durably. */
export type Ack = { type: "ack", id: string, chat?: string, seq?: number };

/** Refused, or not known whether it was stored. */
export type ErrorFrame = { type: "error", id?: string, chat?: string } & Failure;

/** A fact of a chat. Only the sender's own sockets see `command`, the id it came from. */
export type EventFrame<Event> = { type: "event", chat: string, seq: number, at: string, event: Event, command?: string };

/** The end of a page of history; there is more while `through` is below `last`. */
export type Resumed<Marks> = { type: "resumed", chat: string, through: number, last: number, marks: Marks };

/** The server is there. */
export type Beat = { type: "beat" };

/** The server is about to close this socket: come back after that time. */
export type Reconnect = { type: "reconnect", after_ms: number };
"#;

/// A file of types and what should stand in it.
#[derive(Debug, Clone)]
pub struct Generated {
    /// Where it is.
    pub path: PathBuf,
    /// What the types give.
    pub text: String,
}

/// All files.
pub fn generated() -> Vec<Generated> {
    let visitor = Declarations::default().with::<visitor::VisitorCommand>().with::<visitor::VisitorNotice>();
    let visitor = visitor.with::<visitor::VisitorEvent>().with::<visitor::VisitorMarks>().with::<Failure>();
    let operator = Declarations::default().with::<operator::OperatorCommand>().with::<operator::OperatorNotice>();
    let operator =
        operator.with::<engine::domain::event::EventKind>().with::<operator::OperatorMarks>().with::<Failure>();
    let operator = operator.with::<left_message::LeftMessageRow>();
    vec![visitor.file("visitor"), operator.file("operator")]
}

/// Declarations by name, so that the files do not change with the order of the sources.
#[derive(Default)]
struct Declarations(BTreeMap<String, String>);

impl Declarations {
    fn with<T: TS + 'static>(mut self) -> Self {
        self.visit::<T>();
        self
    }

    fn file(self, name: &str) -> Generated {
        let path = project(FOLDER).join(format!("{name}.ts"));
        let opening = "// Made from the types in engine/src/protocol ; WRITE_TYPES=1 makes the test that compares them write them\n\n";
        let declarations: Vec<String> = self.0.into_values().collect();
        Generated { path, text: format!("{opening}{COMMON}\n{}\n", declarations.join("\n\n")) }
    }
}

impl TypeVisitor for Declarations {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        let config = Config::new().with_large_int("number");
        // Types without a file of their own are part of the language: string, arrays, options.
        if T::output_path().is_none() || self.0.contains_key(&T::ident(&config)) {
            return;
        }
        let docs = T::docs().unwrap_or_default();
        let declaration = format!("{docs}export {}", T::decl(&config));
        self.0.insert(T::ident(&config), declaration);
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}
