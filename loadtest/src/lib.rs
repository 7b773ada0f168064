//! The load tester's parts. What stands so far is the judge: it hears what every client of a run was told and
//! says which of the server's promises were broken.

pub mod checker;
