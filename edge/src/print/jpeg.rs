//! Writes grey JPEG pictures, for printers that take neither PWG raster nor PDF.
//!
//! Format: baseline JPEG of ITU-T T.81 with the tables of its annex K, quantised finely so that the edges of a QR code
//! stay sharp.

use std::f32::consts::{FRAC_1_SQRT_2, PI};

use lanyard_badge::Gray;

const SIDE: usize = 8;

/// One step for every frequency: letters and codes are edges, and edges are high frequencies.
const QUANTUM: u8 = 4;

const ZIGZAG: [usize; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];

const DC_COUNTS: [u8; 16] = [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0];
const DC_VALUES: [u8; 12] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const AC_COUNTS: [u8; 16] = [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d];
const AC_VALUES: [u8; 162] = [
    0x01, 0x02, 0x03, 0x00, 0x04, 0x11, 0x05, 0x12, 0x21, 0x31, 0x41, 0x06, 0x13, 0x51, 0x61, 0x07, 0x22,
    0x71, 0x14, 0x32, 0x81, 0x91, 0xa1, 0x08, 0x23, 0x42, 0xb1, 0xc1, 0x15, 0x52, 0xd1, 0xf0, 0x24, 0x33,
    0x62, 0x72, 0x82, 0x09, 0x0a, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x34,
    0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x53, 0x54, 0x55,
    0x56, 0x57, 0x58, 0x59, 0x5a, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x73, 0x74, 0x75, 0x76,
    0x77, 0x78, 0x79, 0x7a, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x92, 0x93, 0x94, 0x95, 0x96,
    0x97, 0x98, 0x99, 0x9a, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xb2, 0xb3, 0xb4, 0xb5,
    0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xd2, 0xd3, 0xd4,
    0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xf1,
    0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa,
];

/// Code and its length in bits, by symbol.
type Codes = [(u16, u8); 256];

/// Writes a picture at a resolution in dots per inch.
pub(super) fn encode(page: &Gray, dpi: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(page.dots.len() / 4);
    out.extend_from_slice(&[0xff, 0xd8]);
    let dpi = u16::try_from(dpi).unwrap_or(u16::MAX).to_be_bytes();
    segment(&mut out, 0xe0, &[b"JFIF\0\x01\x02\x01", &dpi[..], &dpi[..], &[0, 0]].concat());
    segment(&mut out, 0xdb, &[&[0][..], &[QUANTUM; 64]].concat());
    let side = |dots: u32| u16::try_from(dots).unwrap_or(u16::MAX).to_be_bytes();
    segment(&mut out, 0xc0, &[&[8][..], &side(page.height), &side(page.width), &[1, 1, 0x11, 0]].concat());
    segment(&mut out, 0xc4, &[&[0x00][..], &DC_COUNTS, &DC_VALUES].concat());
    segment(&mut out, 0xc4, &[&[0x10][..], &AC_COUNTS, &AC_VALUES].concat());
    segment(&mut out, 0xda, &[1, 1, 0x00, 0, 63, 0]);
    write_blocks(page, &mut out);
    out.extend_from_slice(&[0xff, 0xd9]);
    out
}

fn segment(out: &mut Vec<u8>, marker: u8, body: &[u8]) {
    out.extend_from_slice(&[0xff, marker]);
    out.extend_from_slice(&u16::try_from(body.len() + 2).expect("a table is short").to_be_bytes());
    out.extend_from_slice(body);
}

fn codes(counts: &[u8; 16], values: &[u8]) -> Codes {
    let mut codes = [(0, 0); 256];
    let (mut code, mut values) = (0, values.iter());
    for (length, count) in (1..).zip(counts) {
        for value in values.by_ref().take(usize::from(*count)) {
            codes[usize::from(*value)] = (code, length);
            code += 1;
        }
        code <<= 1;
    }
    codes
}

fn write_blocks(page: &Gray, out: &mut Vec<u8>) {
    let (dc, ac) = (codes(&DC_COUNTS, &DC_VALUES), codes(&AC_COUNTS, &AC_VALUES));
    let cosines = cosines();
    let mut bits = Bits { out, held: 0, count: 0 };
    let mut before = 0;
    let (width, height) = (page.width as usize, page.height as usize);
    for top in (0..height).step_by(SIDE) {
        for left in (0..width).step_by(SIDE) {
            let block = quantised(page, left, top, &cosines);
            write_block(&block, before, &dc, &ac, &mut bits);
            before = block[0];
        }
    }
    bits.finish();
}

/// `cosines[u][x]` is the share of frequency `u` at place `x`.
fn cosines() -> [[f32; SIDE]; SIDE] {
    let mut table = [[0.0; SIDE]; SIDE];
    for (u, row) in (0_u8..).zip(&mut table) {
        let scale = if u == 0 { FRAC_1_SQRT_2 / 2.0 } else { 0.5 };
        for (x, share) in (0_u8..).zip(row) {
            *share = scale * ((2.0 * f32::from(x) + 1.0) * f32::from(u) * PI / 16.0).cos();
        }
    }
    table
}

fn quantised(page: &Gray, left: usize, top: usize, cosines: &[[f32; SIDE]; SIDE]) -> [i32; 64] {
    let (width, height) = (page.width as usize, page.height as usize);
    let mut rows = [[0.0; SIDE]; SIDE];
    for (y, row) in rows.iter_mut().enumerate() {
        let line = (top + y).min(height - 1) * width;
        let levels: [f32; SIDE] =
            std::array::from_fn(|x| f32::from(page.dots[line + (left + x).min(width - 1)]) - 128.0);
        for (u, sum) in row.iter_mut().enumerate() {
            *sum = levels.iter().zip(&cosines[u]).map(|(level, share)| level * share).sum();
        }
    }
    std::array::from_fn(|at| {
        let (u, v) = (ZIGZAG[at] % SIDE, ZIGZAG[at] / SIDE);
        let sum: f32 = rows.iter().zip(&cosines[v]).map(|(row, share)| row[u] * share).sum();
        #[expect(
            clippy::cast_possible_truncation,
            reason = "eight levels of 128 summed twice stay far below i32"
        )]
        let steps = (sum / f32::from(QUANTUM)).round() as i32;
        steps
    })
}

fn write_block(block: &[i32; 64], before: i32, dc: &Codes, ac: &Codes, bits: &mut Bits<'_>) {
    const SIXTEEN_ZEROS: usize = 0xf0;
    const END_OF_BLOCK: usize = 0x00;
    let difference = block[0] - before;
    let size = size_bits(difference);
    bits.put_code(dc[usize::from(size)]);
    bits.put_amount(difference, size);
    let mut zeros = 0;
    for &steps in &block[1..] {
        if steps == 0 {
            zeros += 1;
            continue;
        }
        while zeros >= 16 {
            bits.put_code(ac[SIXTEEN_ZEROS]);
            zeros -= 16;
        }
        let size = size_bits(steps);
        bits.put_code(ac[zeros << 4 | usize::from(size)]);
        bits.put_amount(steps, size);
        zeros = 0;
    }
    if zeros > 0 {
        bits.put_code(ac[END_OF_BLOCK]);
    }
}

fn size_bits(amount: i32) -> u8 {
    u8::try_from(u32::BITS - amount.unsigned_abs().leading_zeros()).expect("at most 32")
}

struct Bits<'a> {
    out: &'a mut Vec<u8>,
    held: u32,
    count: u8,
}

impl Bits<'_> {
    fn put_code(&mut self, (code, length): (u16, u8)) {
        self.put(u32::from(code), length);
    }

    /// Negative amounts are written as their ones' complement.
    fn put_amount(&mut self, amount: i32, size: u8) {
        let shown = if amount < 0 { amount - 1 } else { amount };
        self.put(shown.cast_unsigned() & ((1 << size) - 1), size);
    }

    fn put(&mut self, value: u32, length: u8) {
        self.held = self.held << length | value;
        self.count += length;
        while self.count >= 8 {
            self.count -= 8;
            let byte = u8::try_from(self.held >> self.count & 0xff).expect("masked to a byte");
            self.out.push(byte);
            if byte == 0xff {
                self.out.push(0);
            }
        }
        self.held &= (1 << self.count) - 1;
    }

    fn finish(mut self) {
        if self.count > 0 {
            let free = 8 - self.count;
            self.put((1 << free) - 1, free);
        }
    }
}

#[cfg(test)]
mod tests {
    use lanyard_badge::{BadgeText, Fonts, Layout, Renderer};

    use super::*;

    fn base64(bytes: &[u8]) -> String {
        const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let three = |chunk: &[u8]| {
            let bits = (0..3).fold(0, |bits, at| bits << 8 | u32::from(chunk.get(at).copied().unwrap_or(0)));
            let letter = |at: usize| {
                if at <= chunk.len() { LETTERS[(bits >> (18 - 6 * at) & 63) as usize] } else { b'=' }
            };
            [0, 1, 2, 3].map(|at| char::from(letter(at)))
        };
        bytes.chunks(3).flat_map(three).collect()
    }

    /// Draws a picture by the decoder of the badge layouts, dot by dot: a page of 25.4 mm at 200 dots per inch.
    fn drawn(jpeg: &[u8]) -> Gray {
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"25.4mm\" height=\"25.4mm\" viewBox=\"0 0 200 200\">\
             <image width=\"200\" height=\"200\" href=\"data:image/jpeg;base64,{}\"/></svg>",
            base64(jpeg)
        );
        let layout = Layout::parse(&svg).expect("a layout with a picture");
        let badge =
            Renderer::new(Fonts::embedded()).render(&layout, &BadgeText::default(), 200).expect("rendered");
        badge.to_gray().expect("drawn")
    }

    #[test]
    fn another_decoder_reads_the_same_picture() {
        let level = |x: u32, y: u32| match (x / 12 + y / 12) % 3 {
            0 => 0,
            1 => 255,
            _ => u8::try_from(x).expect("below 200"),
        };
        let dots = (0..200).flat_map(|y| (0..200).map(move |x| level(x, y))).collect();
        let page = Gray { width: 200, height: 200, dots };
        let read = drawn(&encode(&page, 200));
        assert_eq!((read.width, read.height), (200, 200));
        let worst = read.dots.iter().zip(&page.dots).map(|(one, other)| one.abs_diff(*other)).max();
        assert!(worst.is_some_and(|worst| worst <= 32), "{worst:?}");
    }

    #[test]
    fn sides_need_not_be_whole_blocks() {
        let page = Gray { width: 13, height: 9, dots: vec![77; 117] };
        let jpeg = encode(&page, 203);
        assert_eq!(jpeg[..4], [0xff, 0xd8, 0xff, 0xe0]);
        assert_eq!(jpeg[jpeg.len() - 2..], [0xff, 0xd9]);
    }
}
