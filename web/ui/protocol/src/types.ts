// The contract's types, generated from the engine's. Each side's file is whole in itself; here they come together,
// and what has the same name but another form on each side gets that side's name in front.

export type {
  Answer, AssignedBy, Audience, Author, AwayWhy, ChatFilter, ChatOrder, ChatPhase, ChatRow, Code, EndedBy, EndedWhy, EventKind,
  Failure, Handling, LeftMessageRow, LeftState, ListWindow, MarkPair, Message, MyGroup, Myself, Offer, OfferEnd, OfferKind, OnChat, OperatorCommand,
  OperatorMarks, OperatorNotice, OperatorNow, Permission, Person, Receiving, Resume, Role, RowVisitor, SetStatus, StaffRole, Status, Subscribe, Unsubscribe, Why,
  Ack as AckFrame, Beat as BeatFrame, ErrorFrame, EventFrame, Reconnect as ReconnectFrame, Resumed as ResumedFrame,
  Hello as OperatorHello, Mark as OperatorMark, Say as OperatorSay, Typing as OperatorTyping, Welcome as OperatorWelcome,
} from './generated/operator';

export type {
  Availability, End, FieldRule, LeaveMessage, Page, Start, VisitorAuthor, VisitorChat, VisitorCommand, VisitorEvent, VisitorMarks,
  VisitorNotice, WelcomeScreen, Window, WindowDepartment,
  Hello as VisitorHello, Mark as VisitorMark, Say as VisitorSay, Typing as VisitorTyping, Welcome as VisitorWelcome,
} from './generated/visitor';
