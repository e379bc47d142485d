//! Text at the bottom of a terminal that is drawn again and again, also while somebody changes the terminal's size.

use textwrap::core::display_width;

/// What was drawn last: how wide each line was.
#[derive(Debug, Default)]
pub struct Picture {
    drawn: Vec<usize>,
}

impl Picture {
    /// Takes the last picture away, writes `above` where it was, and `picture` below that, on a terminal that is now
    /// `width` columns wide.
    pub fn draw(&mut self, above: &str, picture: &str, width: usize) -> String {
        let text = format!("{}{above}{picture}", self.away(width));
        self.drawn = picture.lines().map(display_width).collect();
        text
    }

    /// Takes the picture away.
    pub fn clear(&mut self, width: usize) -> String {
        let away = self.away(width);
        self.drawn.clear();
        away
    }

    /// A terminal that became narrower has broken the lines that no longer fit: they take more rows now.
    fn away(&self, width: usize) -> String {
        match self.drawn.iter().map(|line| line.div_ceil(width.max(1)).max(1)).sum::<usize>() {
            0 => String::new(),
            // To the beginning of the line so far up (CPL): what was typed meanwhile (`^C`) stands before the cursor.
            rows => format!("\x1b[{rows}F\x1b[J"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_away_is_what_the_terminal_shows_of_it_now() {
        let mut picture = Picture::default();
        assert_eq!(
            picture.draw("", "twelve chars\n\u{1b}[1mab\u{1b}[0m\n", 80),
            "twelve chars\n\u{1b}[1mab\u{1b}[0m\n"
        );
        // Two rows of the first line at 6 columns, one of the second: colours take no room.
        assert_eq!(picture.draw("done\n", "x\n", 6), "\u{1b}[3F\u{1b}[Jdone\nx\n");
        assert_eq!(picture.clear(6), "\u{1b}[1F\u{1b}[J");
        assert_eq!(picture.clear(6), "");
    }
}
