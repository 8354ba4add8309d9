//! Passwords behind short flags: `mysql -p…`, `curl -u user:…`, `sshpass -p …`.

use super::{Kind, Span};

/// How a program takes a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// `-pSECRET`, and nothing else.
    Glued,
    /// `-p SECRET` or `-pSECRET`.
    Next,
    /// `-u user:SECRET` or `-uuser:SECRET`; the letter parts user and password.
    Behind(u8),
}

/// A program and its flag.
struct Flag {
    program: &'static str,
    /// The word that must come first: `login` of `docker login`.
    action: &'static str,
    letters: &'static str,
    taken: Taken,
}

const fn flag(
    program: &'static str,
    action: &'static str,
    letters: &'static str,
    taken: Taken,
) -> Flag {
    Flag {
        program,
        action,
        letters,
        taken,
    }
}

/// From the programs' own manuals.
const FLAGS: &[Flag] = &[
    flag("7z", "", "-p", Taken::Glued),
    flag("7za", "", "-p", Taken::Glued),
    flag("ab", "", "-A", Taken::Behind(b':')),
    flag("az", "login", "-p", Taken::Next),
    flag("bcp", "", "-P", Taken::Next),
    flag("buildah", "login", "-p", Taken::Next),
    flag("curl", "", "-u", Taken::Behind(b':')),
    flag("curl", "", "--user", Taken::Behind(b':')),
    flag("curl", "", "-U", Taken::Behind(b':')),
    flag("curl", "", "--proxy-user", Taken::Behind(b':')),
    flag("docker", "login", "-p", Taken::Next),
    flag("helm", "login", "-p", Taken::Next),
    flag("http", "", "-a", Taken::Behind(b':')),
    flag("http", "", "--auth", Taken::Behind(b':')),
    flag("https", "", "-a", Taken::Behind(b':')),
    flag("influx", "", "-password", Taken::Next),
    flag("ipmitool", "", "-P", Taken::Next),
    flag("kinit", "", "--password", Taken::Next),
    flag("ldapadd", "", "-w", Taken::Next),
    flag("ldapdelete", "", "-w", Taken::Next),
    flag("ldapmodify", "", "-w", Taken::Next),
    flag("ldappasswd", "", "-s", Taken::Next),
    flag("ldapsearch", "", "-w", Taken::Next),
    flag("lftp", "", "-u", Taken::Behind(b',')),
    flag("mariadb", "", "-p", Taken::Glued),
    flag("mariadb-admin", "", "-p", Taken::Glued),
    flag("mariadb-dump", "", "-p", Taken::Glued),
    flag("mongo", "", "-p", Taken::Next),
    flag("mongodump", "", "-p", Taken::Next),
    flag("mongoexport", "", "-p", Taken::Next),
    flag("mongorestore", "", "-p", Taken::Next),
    flag("mongosh", "", "-p", Taken::Next),
    flag("mosquitto_pub", "", "-P", Taken::Next),
    flag("mosquitto_sub", "", "-P", Taken::Next),
    flag("mysql", "", "-p", Taken::Glued),
    flag("mysqladmin", "", "-p", Taken::Glued),
    flag("mysqlcheck", "", "-p", Taken::Glued),
    flag("mysqldump", "", "-p", Taken::Glued),
    flag("mysqlimport", "", "-p", Taken::Glued),
    flag("nerdctl", "login", "-p", Taken::Next),
    flag("oras", "login", "-p", Taken::Next),
    flag("podman", "login", "-p", Taken::Next),
    flag("redis-cli", "", "-a", Taken::Next),
    flag("rpcclient", "", "-U", Taken::Behind(b'%')),
    flag("skopeo", "login", "-p", Taken::Next),
    flag("smbclient", "", "-U", Taken::Behind(b'%')),
    flag("snmpget", "", "-A", Taken::Next),
    flag("snmpwalk", "", "-A", Taken::Next),
    flag("sqlcmd", "", "-P", Taken::Next),
    flag("sshpass", "", "-p", Taken::Next),
    flag("unzip", "", "-P", Taken::Next),
    flag("valkey-cli", "", "-a", Taken::Next),
    flag("zip", "", "-P", Taken::Next),
];

/// Programs and actions that take a password as a bare word: which word behind the action it is.
const WORDS: &[(&str, &str, usize)] = &[
    ("htpasswd", "-b", 3),
    ("htpasswd", "-bB", 3),
    ("htpasswd", "-cb", 3),
    ("htpasswd", "-bc", 3),
    ("htpasswd", "-nb", 2),
    ("htpasswd", "-nbB", 2),
    ("rabbitmqctl", "add_user", 2),
    ("rabbitmqctl", "change_password", 2),
    ("rabbitmqctl", "authenticate_user", 2),
    ("smbpasswd", "-s", 2),
    ("vault", "login", 1),
];

/// For each first letter of a program, where the programs with it begin among the flags.
const FROM: [usize; 128] = {
    let mut from = [FLAGS.len(); 128];
    let mut at = FLAGS.len();
    while at > 0 {
        at -= 1;
        from[FLAGS[at].program.as_bytes()[0] as usize] = at;
    }
    from
};

/// For each first letter of a program, a bit for each second.
const BEGINS: [u128; 128] = {
    let mut begins = [0; 128];
    let mut at = 0;
    while at < FLAGS.len() {
        let name = FLAGS[at].program.as_bytes();
        begins[name[0] as usize] |= 1 << name[1];
        at += 1;
    }
    at = 0;
    while at < WORDS.len() {
        let name = WORDS[at].0.as_bytes();
        begins[name[0] as usize] |= 1 << name[1];
        at += 1;
    }
    begins
};

/// The command line the scan is in.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Line {
    /// Where the programs of this name begin in the table, and how many there are.
    flags: (usize, usize),
    words: (usize, usize),
    has_action: bool,
}

impl Line {
    /// The program whose name this is.
    pub(super) fn begun_by(name: &[u8]) -> Option<Self> {
        let second = *name.get(1)?;
        if name.len() > 16 || !super::forms::may_begin(&BEGINS, name[0], second) {
            return None;
        }
        let from = FROM.get(usize::from(name[0])).copied();
        let flags = stretch(FLAGS, from?, name, |flag| flag.program);
        let words = stretch(WORDS, 0, name, |word| word.0);
        (flags.1 > 0 || words.1 > 0).then_some(Self {
            flags,
            words,
            has_action: false,
        })
    }

    fn flags(&self) -> &'static [Flag] {
        FLAGS
            .get(self.flags.0..self.flags.0 + self.flags.1)
            .unwrap_or_default()
    }

    /// Goes on by a word of the line; says whether that word is the password, and where in it.
    pub(super) fn word(&mut self, bytes: &[u8], at: usize, steps: &mut usize) -> Option<Span> {
        let quoted = bytes
            .get(at)
            .is_some_and(|byte| matches!(byte, b'"' | b'\''));

        if quoted {
            return None;
        }
        for flag in self.flags() {
            if !flag.action.is_empty() && !self.has_action && is_word(bytes, at, flag.action) {
                self.has_action = true;
                return None;
            }
            if !flag.action.is_empty() && !self.has_action {
                continue;
            }
            let Some(rest) = bytes.get(at..) else {
                continue;
            };
            if !rest.starts_with(flag.letters.as_bytes()) {
                continue;
            }
            let behind = at + flag.letters.len();
            let next = bytes.get(behind).copied().unwrap_or(b' ');
            let is_long = flag.letters.len() > 2;
            let from = if next == b' ' || is_long && next == b'=' {
                if flag.taken == Taken::Glued {
                    continue;
                }
                behind + 1
            } else if is_long || next.is_ascii_whitespace() {
                continue;
            } else {
                behind
            };
            let part = match flag.taken {
                Taken::Behind(byte) => Some(byte),
                Taken::Glued | Taken::Next => None,
            };
            return span(bytes, from, part, steps);
        }
        let words = WORDS.get(self.words.0..self.words.0 + self.words.1);
        for (_, action, count) in words.unwrap_or_default() {
            if is_word(bytes, at, action) {
                self.words.1 = 0;
                return span(bytes, word_behind(bytes, at, *count)?, None, steps);
            }
        }
        None
    }
}

/// Where the rows of this name begin, looked for from there on, and how many there are.
fn stretch<T>(
    table: &[T],
    from: usize,
    name: &[u8],
    of: impl Fn(&T) -> &'static str,
) -> (usize, usize) {
    let first = |one: &T| of(one).as_bytes()[0];
    let from = from
        + table[from..]
            .iter()
            .take_while(|one| first(one) <= name[0] && of(one).as_bytes() != name)
            .count();
    let count = table[from..]
        .iter()
        .take_while(|one| of(one).as_bytes() == name)
        .count();
    (from, count)
}

/// Where the word begins that stands so many words behind this one on its line.
fn word_behind(bytes: &[u8], at: usize, count: usize) -> Option<usize> {
    const FARTHEST: usize = 128;
    let look = &bytes[at..bytes.len().min(at + FARTHEST)];
    let line = look.split(|byte| *byte == b'\n').next()?;
    let mut words = line
        .iter()
        .enumerate()
        .filter(|(place, byte)| **byte != b' ' && *place > 0 && line[place - 1] == b' ');
    words.nth(count - 1).map(|(place, _)| at + place)
}

/// `echo user:password | chpasswd`, seen from its last word.
pub(super) fn piped(bytes: &[u8], start: usize) -> Option<Span> {
    const FARTHEST: usize = 128;
    const ECHO: &[u8] = b"echo ";
    let from = start.saturating_sub(FARTHEST);
    let look = &bytes[from..start];
    let echo = look.windows(ECHO.len()).rposition(|word| word == ECHO)? + ECHO.len();
    let colon = echo + look[echo..].iter().position(|byte| *byte == b':')?;
    if look[echo..].contains(&b'\n') {
        return None;
    }
    span(bytes, from + colon + 1, None, &mut 0)
}

fn is_word(bytes: &[u8], at: usize, word: &str) -> bool {
    bytes.get(at..at + word.len()) == Some(word.as_bytes())
        && bytes
            .get(at + word.len())
            .is_none_or(u8::is_ascii_whitespace)
}

/// The password that begins here, behind a letter where there is one.
fn span(bytes: &[u8], at: usize, part: Option<u8>, steps: &mut usize) -> Option<Span> {
    const MOST: usize = 256;
    let quote = bytes
        .get(at)
        .copied()
        .filter(|byte| matches!(byte, b'"' | b'\''));
    let mut start = at + usize::from(quote.is_some());
    let rest = bytes.get(start..bytes.len().min(start + MOST))?;
    let length = rest
        .iter()
        .position(|byte| match quote {
            Some(quote) => *byte == quote || *byte == b'\n',
            None => {
                byte.is_ascii_whitespace()
                    || matches!(byte, b'"' | b'\'' | b'`' | b'|' | b';' | b'\\')
            }
        })
        .unwrap_or(rest.len());
    *steps += length;
    let mut value = &rest[..length];
    if let Some(part) = part {
        let behind = value.iter().position(|byte| *byte == part)? + 1;
        start += behind;
        value = &value[behind..];
    }
    let is_place = value.len() < 3
        || matches!(
            value[0],
            b'$' | b'<' | b'{' | b'[' | b'-' | b'*' | b'(' | b'/'
        )
        || value.eq_ignore_ascii_case(b"password")
        || value.eq_ignore_ascii_case(b"pass")
        || value.eq_ignore_ascii_case(b"secret")
        || value.iter().all(|byte| matches!(byte, b'x' | b'X' | b'.'));
    let end = start + value.len();
    // A cut never falls inside a character.
    let whole = bytes.get(end).is_none_or(|byte| byte & 0xC0 != 0x80);
    (!is_place && whole).then_some(Span {
        start,
        end,
        kind: Kind::CommandPassword,
    })
}

/// Whether a command ends here.
pub(super) fn is_divider(byte: u8) -> bool {
    matches!(byte, b'\n' | b'|' | b';' | b'&')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_in_order_so_that_they_can_be_searched() {
        assert!(FLAGS.is_sorted_by_key(|flag| flag.program));
        assert!(WORDS.is_sorted_by_key(|word| word.0));
    }
}
