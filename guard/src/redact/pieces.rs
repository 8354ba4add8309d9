//! Pieces of a value that say what it is, all found in one pass.

/// Pieces of a value that say something, in lower case.
const PIECES: [&[u8]; 21] = [
    b"your",
    b"example",
    b"changeme",
    b"placeholder",
    b"replace",
    b"dummy",
    b"xxxx",
    b"redacted",
    b"masked",
    b"process.env",
    b"os.environ",
    b"....",
    b"insert",
    b"pass",
    b"pwd",
    b"secret",
    b"token",
    b"key",
    b"cred",
    b"auth",
    b"user",
];

/// A bit for each of the first pieces: the value stands for another.
pub(super) const STANDS_FOR: u32 = (1 << 13) - 1;

/// For each byte, a bit for each piece that begins with it.
const FIRSTS: [u32; 256] = {
    let mut firsts = [0; 256];
    let mut at = 0;
    while at < PIECES.len() {
        let first = PIECES[at][0];
        firsts[first as usize] |= 1 << at;
        firsts[first.to_ascii_uppercase() as usize] |= 1 << at;
        at += 1;
    }
    firsts
};

/// Which pieces stand somewhere in a value, a bit each.
pub(super) fn pieces(value: &[u8]) -> u32 {
    let mut found = 0;
    for (at, pair) in value.windows(2).enumerate() {
        let mut open = FIRSTS[usize::from(pair[0])] & !found;
        while open != 0 {
            let index = open.trailing_zeros();
            open &= open - 1;
            let piece = PIECES[index as usize];
            if piece[1] == pair[1].to_ascii_lowercase()
                && value
                    .get(at..at + piece.len())
                    .is_some_and(|window| window.eq_ignore_ascii_case(piece))
            {
                found |= 1 << index;
            }
        }
    }
    found
}
