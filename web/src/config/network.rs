//! Where the server listens, and what stands in front of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::Url;

use crate::config::Reader;

/// Addresses and threads.
#[derive(Debug, Clone)]
pub struct NetworkSettings {
    /// Where visitors and operators connect; port 0 picks one.
    pub listen: SocketAddr,
    /// Where metrics and health are served; port 0 picks one.
    pub admin_listen: SocketAddr,
    /// The address people use, where it is not the one listened on.
    pub public_url: Option<Url>,
    /// Peers whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<ProxyRange>,
    /// Threads that serve. A message costs least when it crosses none, so that the default is half the cores.
    pub workers: usize,
}

impl NetworkSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Self {
        let address = "expected an address and a port such as 127.0.0.1:8080 or [::1]:8080";
        let half = std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1));
        let workers = "expected a number of threads from 1 to 256";
        Self {
            listen: reader.or("listen", SocketAddr::from(([127, 0, 0, 1], 8080)), address, |text| text.parse().ok()),
            admin_listen: reader
                .or("admin_listen", SocketAddr::from(([127, 0, 0, 1], 9090)), address, |text| text.parse().ok()),
            public_url: reader.optional(
                "public_url",
                "expected an address such as https://chat.example.com, without a path",
                public_url,
            ),
            trusted_proxies: reader.or(
                "trusted_proxies",
                Vec::new(),
                "expected addresses or networks such as 10.0.0.0/8,::1",
                // An empty list of the file is one without text.
                |text| match text.trim() {
                    "" => Some(Vec::new()),
                    text => text.split(',').map(|part| ProxyRange::parse(part.trim())).collect(),
                },
            ),
            workers: reader
                .or("workers", half, workers, |text| text.parse().ok().filter(|count| (1..=256).contains(count))),
        }
    }
}

/// A network of proxies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProxyRange {
    network: u128,
    bits: u32,
    v4: bool,
}

impl ProxyRange {
    /// Reads `10.0.0.0/8`, `::1` and the like.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().ok()?;
        let whole = if address.is_ipv4() { 32 } else { 128 };
        let bits = length.map_or(Some(whole), |bits| bits.parse().ok()).filter(|bits| *bits <= whole)?;
        let range = Self { network: 0, bits, v4: address.is_ipv4() };
        Some(Self { network: range.prefix(address), ..range })
    }

    /// Whether the address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.v4 && self.prefix(address) == self.network
    }

    fn prefix(&self, address: IpAddr) -> u128 {
        let (value, whole) = match address {
            IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
            IpAddr::V6(address) => (address.to_bits(), 128),
        };
        value.checked_shr(whole - self.bits).unwrap_or(0)
    }
}

impl std::fmt::Display for ProxyRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let whole = if self.v4 { 32 } else { 128 };
        let value = self.network.checked_shl(whole - self.bits).unwrap_or(0);
        let address = if self.v4 {
            IpAddr::V4(Ipv4Addr::from_bits(value as u32))
        } else {
            IpAddr::V6(Ipv6Addr::from_bits(value))
        };
        write!(f, "{address}/{}", self.bits)
    }
}

fn public_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    (matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty() && bare).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        let holds = |range: &str, address: &str| ProxyRange::parse(range).unwrap().contains(address.parse().unwrap());
        assert!(holds("10.0.0.0/8", "10.200.3.4") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("::1", "::1") && !holds("::1", "::2"));
        assert!(holds("0.0.0.0/0", "8.8.8.8") && !holds("0.0.0.0/0", "::1"));
        assert!(holds("10.0.0.1", "::ffff:10.0.0.1"), "a v4 address in v6 clothes");
        for wrong in ["", "10.0.0.0/33", "::/129", "proxy.example", "10.0.0.0/-1"] {
            assert!(ProxyRange::parse(wrong).is_none(), "{wrong}");
        }
    }
}
