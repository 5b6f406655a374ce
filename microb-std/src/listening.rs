//! Where the options of a server say that it listens.

/// Options that name an address, with a port or without one.
pub(crate) const ADDRESS_OPTIONS: &[&str] = &[
    "--host",
    "-h",
    "--bind",
    "-b",
    "--listen",
    "--address",
    "--server.address",
];

/// Options that name the port alone.
const PORT_OPTIONS: &[&str] = &["--port", "-p", "--server.port"];

/// The first address that is named.
pub(crate) fn address(words: &[String]) -> Option<&str> {
    values(words, ADDRESS_OPTIONS).next()
}

/// The ports that are named, alone or with an address.
pub(crate) fn ports(words: &[String]) -> impl Iterator<Item = u16> {
    let alone = values(words, PORT_OPTIONS);
    let of_addresses = values(words, ADDRESS_OPTIONS).filter_map(|address| {
        // That of version 6 has colons of its own.
        let (host, port) = address.rsplit_once(':')?;
        (!host.contains(':') || host.ends_with(']')).then_some(port)
    });
    let ports = alone.chain(of_addresses);
    ports.filter_map(|port| port.parse().ok())
}

/// The values of these options.
fn values<'a>(words: &'a [String], options: &'a [&str]) -> impl Iterator<Item = &'a str> {
    words.iter().enumerate().filter_map(|(n, word)| {
        let (option, value) = match word.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (word.as_str(), words.get(n + 1).map(String::as_str)),
        };
        value.filter(|_| options.contains(&option))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_told_alone_or_with_an_address() {
        for (line, address_told, expected) in [
            ("main:app --port 9000", None, &[9000][..]),
            (
                "main:app --host=0.0.0.0 --port=9000",
                Some("0.0.0.0"),
                &[9000],
            ),
            ("-b 0.0.0.0:80 main:app", Some("0.0.0.0:80"), &[80]),
            ("--bind [::]:80 --bind=:81", Some("[::]:80"), &[80, 81]),
            ("--host ::1", Some("::1"), &[]),
            ("--bind unix:/run/web", Some("unix:/run/web"), &[]),
            ("--port", None, &[]),
            ("main:app", None, &[]),
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(address(&words), address_told, "{line}");
            assert_eq!(ports(&words).collect::<Vec<_>>(), expected, "{line}");
        }
    }
}
