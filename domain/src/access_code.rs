//! Access codes: short, spoken and typed codes with a check character.
//!
//! The alphabet leaves out 0 O 1 I L. Its 31 symbols form a prime field, so a sum weighted by position
//! catches every single mistyped character and every swap of two neighbours.

/// The symbols of a code, in the order of their values.
pub const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/// Characters of a code, the last one being the check character.
pub const LENGTH: usize = 9;

const MODULUS: u32 = 31;

/// Weight of the check character: its position, counted from 1.
const CHECK_WEIGHT: u32 = 9;

/// Draws a code from entropy; the caller supplies bytes of a CSPRNG.
pub fn draw(entropy: &[u8; 16]) -> String {
    // 128 bits against 31^8 values: the bias of the remainder is below 2^-88.
    let mut rest = u128::from_be_bytes(*entropy);
    let mut code = String::with_capacity(LENGTH);
    for _ in 0..LENGTH - 1 {
        let value = (rest % u128::from(MODULUS)) as usize;
        rest /= u128::from(MODULUS);
        code.push(char::from(ALPHABET[value]));
    }
    let check = check_value(&code).expect("only symbols of the alphabet were pushed");
    code.push(char::from(ALPHABET[check as usize]));
    code
}

/// Tells whether a folded code is well-formed and its check character fits.
pub fn is_valid(folded: &str) -> bool {
    folded.len() == LENGTH && weighted_sum(folded) == Some(0)
}

/// Tells whether a folded text looks like an access code, right or mistyped.
pub fn has_shape(folded: &str) -> bool {
    folded.len() == LENGTH && folded.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// Folds what people type: case, blanks and dashes, O with 0, I and L with 1.
pub fn fold(typed: &str) -> String {
    typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .flat_map(char::to_uppercase)
        .map(|c| match c {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

fn value_of(symbol: u8) -> Option<u32> {
    (0..MODULUS).zip(ALPHABET).find(|(_, known)| **known == symbol).map(|(value, _)| value)
}

/// Sum of value × (position + 1), the check character included; 0 for a right code.
fn weighted_sum(code: &str) -> Option<u32> {
    code.bytes()
        .zip(1_u32..)
        .try_fold(0, |sum, (symbol, weight)| Some((sum + value_of(symbol)? * weight) % MODULUS))
}

fn check_value(data: &str) -> Option<u32> {
    let sum = weighted_sum(data)?;
    (0..MODULUS).find(|value| (sum + value * CHECK_WEIGHT).is_multiple_of(MODULUS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(n: u8) -> String {
        draw(&[n.wrapping_mul(37).wrapping_add(11); 16])
    }

    #[test]
    fn a_drawn_code_is_valid() {
        for n in 0..=255 {
            assert!(is_valid(&sample(n)), "{}", sample(n));
        }
    }

    #[test]
    fn every_mistyped_character_is_caught() {
        let code = sample(7);
        for at in 0..LENGTH {
            for other in ALPHABET {
                let mut typed = code.clone().into_bytes();
                if typed[at] == *other {
                    continue;
                }
                typed[at] = *other;
                assert!(!is_valid(std::str::from_utf8(&typed).unwrap()));
            }
        }
    }

    #[test]
    fn every_swap_of_neighbours_is_caught() {
        for n in 0..=255 {
            let code = sample(n).into_bytes();
            for at in 0..LENGTH - 1 {
                let mut typed = code.clone();
                typed.swap(at, at + 1);
                let right = typed == code;
                assert_eq!(is_valid(std::str::from_utf8(&typed).unwrap()), right);
            }
        }
    }

    #[test]
    fn folding_joins_what_people_confuse() {
        assert_eq!(fold("ab-o0 iL1"), "AB00111");
    }
}
