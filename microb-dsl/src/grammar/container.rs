//! What a container is told: ports and signals.

use super::Mistake;
use crate::nearest;

/// A port that a container listens on, `8000` or `53/udp`, as Docker's image specification has it.
///
/// ```
/// # use microb_dsl::grammar::port;
/// assert!(port("8000/tcp").is_ok());
/// assert_eq!(port("8080:80").unwrap_err().help.unwrap(), "write `80`; `docker run -p 8080:80` says the rest");
/// ```
///
/// # Errors
///
/// What is wrong with the text.
pub fn port(text: &str) -> Result<(), Mistake> {
    let (number, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let canonical = |text: &str| {
        text.parse::<u16>()
            .is_ok_and(|number| number > 0 && number.to_string() == text)
    };
    let protocols = ["tcp", "udp", "sctp"];
    if canonical(number) && protocols.contains(&protocol) {
        return Ok(());
    }
    let lower = protocol.to_ascii_lowercase();
    let help = match number.rsplit_once(':') {
        Some((_, own)) if canonical(own) => {
            format!("write `{own}`; `docker run -p {number}` says the rest")
        }
        _ if number.contains('-') => "write one port after the other".to_owned(),
        _ if canonical(number) && protocols.contains(&&*lower) => {
            format!("write `{number}/{lower}`")
        }
        _ => "write for instance `8000/tcp`".to_owned(),
    };
    let message = format!("`{}` is no port", text.escape_debug());
    Err(Mistake::new(message, 0..text.len()).help(help))
}

/// A signal of Linux: a number, or a name with or without `SIG`, in any case, that `github.com/moby/sys/signal` knows.
///
/// ```
/// # use microb_dsl::grammar::signal;
/// assert!(signal("SIGINT").is_ok() && signal("quit").is_ok() && signal("9").is_ok());
/// assert!(signal("SIGNAL").is_err());
/// ```
///
/// # Errors
///
/// What is wrong with the text.
pub fn signal(text: &str) -> Result<(), Mistake> {
    if is_signal(text) {
        return Ok(());
    }
    let message = format!("`{}` is no signal of Linux", text.escape_debug());
    let mistake = Mistake::new(message, 0..text.len());
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    Err(match nearest(name, NAMES.split_ascii_whitespace()) {
        Some(near) => mistake.help(format!("write `SIG{near}`")),
        None => mistake.help("write for instance `SIGINT`"),
    })
}

/// The signals of signal(7) without their `SIG`.
const NAMES: &str = "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV \
    STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX";

fn is_signal(text: &str) -> bool {
    if let Ok(number) = text.parse::<u8>() {
        return (1..=64).contains(&number);
    }
    let upper = text.to_ascii_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let real_time = |prefix: &str, highest: u8| {
        name.strip_prefix(prefix)
            .is_some_and(|number| (1..=highest).any(|known| known.to_string() == number))
    };
    NAMES.split_ascii_whitespace().any(|known| known == name)
        || real_time("RTMIN+", 15)
        || real_time("RTMAX-", 14)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_are_those_of_docker() {
        for (text, known) in [
            ("SIGINT", true),
            ("term", true),
            ("15", true),
            ("SIGRTMIN+15", true),
            ("RTMAX-14", true),
            ("RTMAX-15", false),
            ("RTMIN+01", false),
            ("0", false),
            ("SIG", false),
            ("", false),
        ] {
            assert_eq!(signal(text).is_ok(), known, "{text}");
        }
    }

    #[test]
    fn a_port_is_one_number_and_a_protocol_in_lower_case() {
        for (text, help) in [
            ("80", ""),
            ("65535/sctp", ""),
            ("80/TCP", "write `80/tcp`"),
            (
                "127.0.0.1:8080:80",
                "write `80`; `docker run -p 127.0.0.1:8080:80` says the rest",
            ),
            ("80-90", "write one port after the other"),
            ("65536", "write for instance `8000/tcp`"),
            ("080", "write for instance `8000/tcp`"),
            ("80/", "write for instance `8000/tcp`"),
            ("$PORT", "write for instance `8000/tcp`"),
            ("", "write for instance `8000/tcp`"),
        ] {
            let found = port(text).err().and_then(|mistake| mistake.help);
            assert_eq!(found.unwrap_or_default(), help, "{text}");
        }
    }
}
