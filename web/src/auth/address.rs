//! The network address a request comes from, seen through trusted proxies only.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::HttpRequest;

use crate::config::network::ProxyRange;

/// The client's address. `X-Forwarded-For` is read from its end, as long as what came before was trusted; the
/// first address that is not a proxy of ours is the client: what is left of it, anybody can have written.
pub fn client(request: &HttpRequest, proxies: &[ProxyRange]) -> Option<IpAddr> {
    let mut address = request.peer_addr()?.ip().to_canonical();
    let trusted = |address: IpAddr| proxies.iter().any(|range| range.contains(address));
    let headers = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = headers.flat_map(|value| value.split(',')).map(str::trim).collect();
    for hop in hops.iter().rev() {
        if !trusted(address) {
            break;
        }
        let Ok(before) = hop.parse::<IpAddr>() else { break };
        address = before.to_canonical();
    }
    Some(address)
}

/// What wrong passwords are counted under: a v4 address, or the /64 that one v6 customer has for itself.
pub fn counted_as(address: Option<IpAddr>) -> String {
    match address {
        Some(IpAddr::V6(address)) => format!("{}/64", Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        Some(address) => address.to_string(),
        None => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn seen(peer: &str, forwarded: &[&str], proxies: &str) -> String {
        let mut request = TestRequest::get().peer_addr(peer.parse().unwrap());
        for value in forwarded {
            request = request.append_header(("X-Forwarded-For", *value));
        }
        let proxies: Vec<_> = proxies.split_whitespace().map(|range| ProxyRange::parse(range).unwrap()).collect();
        client(&request.to_http_request(), &proxies).unwrap().to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(seen("203.0.113.9:1", &["198.51.100.1"], ""), "203.0.113.9");
        assert_eq!(seen("10.0.0.1:1", &["198.51.100.1"], "10.0.0.0/8"), "198.51.100.1");
        assert_eq!(seen("10.0.0.1:1", &["6.6.6.6, 198.51.100.1, 10.0.0.2"], "10.0.0.0/8"), "198.51.100.1");
        assert_eq!(seen("10.0.0.1:1", &["6.6.6.6", "198.51.100.1"], "10.0.0.0/8"), "198.51.100.1");
        assert_eq!(seen("10.0.0.1:1", &["no address"], "10.0.0.0/8"), "10.0.0.1");
    }

    #[test]
    fn one_customer_is_one_address() {
        let counted = |text: &str| counted_as(text.parse().ok());
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), counted("2001:db8:1:2:ffff::1"));
        assert_ne!(counted("2001:db8:1:2::1"), counted("2001:db8:1:3::1"));
        assert_eq!(counted("192.0.2.1"), "192.0.2.1");
    }
}
