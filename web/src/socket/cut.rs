//! A handle by which a connection can be cut from another thread: the way out for a reader that is too slow to
//! take even a close frame. It keeps the number of the file descriptor instead of a second descriptor, because a
//! server may have only so many open.

use std::any::Any;
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use engine::domain::limits::TCP_UNCONFIRMED_MAX;
use socket2::SockRef;

/// Cuts one connection. Handlers find it with `HttpRequest::conn_data::<Cut>()`.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    descriptor: RawFd,
    peer: SocketAddr,
}

impl Cut {
    /// The other end.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Ends the connection in both directions at once; what is still unsent is lost. `false`: it had ended before.
    pub fn now(&self) -> bool {
        #[expect(
            unsafe_code,
            reason = "a descriptor borrowed by its number; a copy would count against the process's limit"
        )]
        // SAFETY: the number is used for this call only, and for two system calls that do no harm to memory whatever it
        // stands for by now: an unused number fails, and the peer's address tells a re-used one from ours.
        let descriptor = unsafe { BorrowedFd::borrow_raw(self.descriptor) };
        let socket = SockRef::from(&descriptor);
        let ours = socket.peer_addr().is_ok_and(|peer| peer.as_socket() == Some(self.peer));
        ours && socket.shutdown(Shutdown::Both).is_ok()
    }
}

/// What the server does with each new connection.
pub fn on_connect(connection: &dyn Any, data: &mut Extensions) {
    let Some(stream) = connection.downcast_ref::<TcpStream>() else { return };
    // Small frames must not wait for an earlier one to be confirmed, and a peer that vanished must be noticed.
    let socket = SockRef::from(stream);
    let options = socket.set_tcp_nodelay(true).and_then(|()| socket.set_tcp_user_timeout(Some(TCP_UNCONFIRMED_MAX)));
    if let Err(error) = options {
        tracing::debug!(%error, "a connection without its options");
    }
    if let Ok(peer) = stream.peer_addr() {
        data.insert(Cut { descriptor: stream.as_raw_fd(), peer });
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::time::Duration;

    use super::*;

    #[actix_web::test]
    async fn a_connection_is_cut_from_another_thread_and_its_options_are_set() {
        let listener = actix_web::rt::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let mut data = Extensions::new();
        on_connect(&server as &dyn Any, &mut data);
        let cut = *data.get::<Cut>().unwrap();
        assert_eq!(cut.peer(), client.local_addr().unwrap());
        assert!(SockRef::from(&server).tcp_nodelay().unwrap());
        assert_eq!(SockRef::from(&server).tcp_user_timeout().unwrap(), Some(TCP_UNCONFIRMED_MAX));
        assert!(std::thread::spawn(move || cut.now()).join().unwrap());
        client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        assert_eq!(client.read(&mut [0; 8]).unwrap(), 0, "the client sees the end");
    }

    #[actix_web::test]
    async fn a_number_that_belongs_to_another_connection_by_now_is_left_alone() {
        let listener = actix_web::rt::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut second = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let gone = Cut { descriptor: server.as_raw_fd(), peer: "127.0.0.1:9".parse().unwrap() };
        assert!(!gone.now());
        second.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        assert!(second.read(&mut [0; 8]).is_err(), "still open: nothing to read yet");
        assert!(!Cut { descriptor: 1_000_000, peer: server.peer_addr().unwrap() }.now(), "a closed one");
    }
}
