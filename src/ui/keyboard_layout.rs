//! Which keys the keyboard on the screen has, for each language of the screen.
//!
//! Job: pages of keys with their widths, and the relatives of each letter. It must not know how a key is drawn.

/// What stands on a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Cap {
    /// Writes itself; small, unless shift is on.
    Letter(char),
    /// Takes the place of the letter that was held.
    Relative(char),
    /// Large letters.
    Shift,
    /// Takes the last letter away.
    Back,
    /// Ends the line.
    Enter,
    /// A space.
    Space,
    /// Shows another page.
    Turn(Page),
    /// Closes the keyboard.
    Close,
}

/// A page of keys.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Page {
    /// The alphabet of the language.
    #[default]
    Letters,
    /// Figures and signs.
    Figures,
    /// Letters with accents, of all languages of the screen.
    Accents,
}

impl Cap {
    /// What is written on it; empty where a drawing says it.
    pub(super) fn text(self, upper_case: bool) -> String {
        match self {
            Self::Letter(letter) | Self::Relative(letter) if upper_case => upper(letter).to_string(),
            Self::Letter(letter) | Self::Relative(letter) => letter.to_string(),
            Self::Turn(Page::Letters) => "abc".to_owned(),
            Self::Turn(Page::Figures) => "123".to_owned(),
            Self::Turn(Page::Accents) => "áéü".to_owned(),
            Self::Shift | Self::Back | Self::Enter | Self::Space | Self::Close => String::new(),
        }
    }

    /// Its spoken name, where that is not what is written on it.
    pub(super) fn message(self) -> Option<&'static str> {
        match self {
            Self::Letter(_) | Self::Relative(_) => None,
            Self::Shift => Some("keyboard-shift"),
            Self::Back => Some("keyboard-backspace"),
            Self::Enter => Some("keyboard-enter"),
            Self::Space => Some("keyboard-space"),
            Self::Turn(Page::Letters) => Some("keyboard-letters"),
            Self::Turn(Page::Figures) => Some("keyboard-figures"),
            Self::Turn(Page::Accents) => Some("keyboard-accents"),
            Self::Close => Some("keyboard-close"),
        }
    }
}

/// A row: keys with their widths, in letters.
pub(super) type Row = Vec<(Cap, f32)>;

/// The three rows of a page above the bottom one.
pub(super) fn rows(language: &str, page: Page) -> [Row; 3] {
    let [first, second, third] = match (page, language) {
        (Page::Figures, _) => ["1234567890", "/:;()@&_\"+", ",?!=#%~*"],
        (Page::Accents, _) => ["áàâäãåæçéè", "êëíìîïñóòô", "öõøœúùûüß"],
        (Page::Letters, "de") => ["qwertzuiopü", "asdfghjklöä", "yxcvbnmß"],
        (Page::Letters, "fr") => ["azertyuiop", "qsdfghjklm", "wxcvbnéèç"],
        (Page::Letters, "es") => ["qwertyuiop", "asdfghjklñ", "zxcvbnm"],
        (Page::Letters, _) => ["qwertyuiop", "asdfghjkl", "zxcvbnm"],
    };
    let letters = |row: &str| row.chars().map(|letter| (Cap::Letter(letter), 1.0)).collect::<Row>();
    let mut third = letters(third);
    if page != Page::Figures {
        third.insert(0, (Cap::Shift, 1.3));
    }
    third.push((Cap::Back, 1.3));
    [letters(first), letters(second), third]
}

/// The row under each page.
pub(super) fn bottom(page: Page) -> Row {
    let other = |wanted: Page| if page == wanted { Page::Letters } else { wanted };
    vec![
        (Cap::Turn(other(Page::Figures)), 1.3),
        (Cap::Turn(other(Page::Accents)), 1.3),
        (Cap::Letter('-'), 1.0),
        (Cap::Letter('\''), 1.0),
        (Cap::Space, 2.6),
        (Cap::Letter('.'), 1.0),
        (Cap::Enter, 1.3),
        (Cap::Close, 1.1),
    ]
}

/// The large form of a letter. That of ß is two letters, or one that few fonts have: it stays.
pub(super) fn upper(letter: char) -> char {
    let mut large = letter.to_uppercase();
    match (large.next(), large.next()) {
        (Some(large), None) => large,
        _ => letter,
    }
}

/// What a letter offers when it is held: its forms with accents in the languages of Europe, and kin of signs.
pub(super) fn variants(letter: char) -> &'static str {
    match letter {
        'a' => "áàâäãåæą",
        'c' => "çćč",
        'd' => "đďð",
        'e' => "éèêëęěē",
        'g' => "ğģ",
        'i' => "íìîïīı",
        'k' => "ķ",
        'l' => "łľļ",
        'n' => "ñńňņ",
        'o' => "óòôöõøœő",
        'r' => "řŕ",
        's' => "ßśšş",
        't' => "ťþţ",
        'u' => "úùûüůűū",
        'y' => "ýÿ",
        'z' => "žźż",
        '-' => "–_",
        '\'' => "’\"",
        '.' => ",:",
        '?' => "¿",
        '!' => "¡",
        '/' => "\\|",
        '"' => "„“”«»",
        '%' => "€$£°",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGES: [Page; 3] = [Page::Letters, Page::Figures, Page::Accents];

    #[test]
    fn every_language_can_write_its_words_and_every_page_leads_back() {
        let needed = [
            ("en", "abcdefghijklmnopqrstuvwxyz"),
            ("de", "äöüß"),
            ("fr", "àâçéèêëîïôœùûü"),
            ("es", "áéíñóúü¿¡"),
        ];
        for (language, letters) in needed {
            let mut there: Vec<char> = Vec::new();
            for page in PAGES {
                for (cap, _) in rows(language, page).iter().flatten().chain(&bottom(page)) {
                    if let Cap::Letter(letter) = cap {
                        there.push(*letter);
                        there.extend(variants(*letter).chars());
                    }
                }
                assert!(bottom(page).iter().all(|(cap, _)| *cap != Cap::Turn(page)), "{page:?}");
            }
            for letter in letters.chars().chain("abcdefghijklmnopqrstuvwxyz0123456789-:/@.".chars()) {
                assert!(there.contains(&letter), "{language}: no way to {letter:?}");
            }
        }
    }

    #[test]
    fn no_key_is_twice_on_a_page() {
        for language in ["en", "de", "fr", "es"] {
            for page in PAGES {
                let below = bottom(page);
                let mut caps: Vec<Cap> =
                    rows(language, page).iter().flatten().chain(&below).map(|(cap, _)| *cap).collect();
                caps.sort_by_key(|cap| format!("{cap:?}"));
                let count = caps.len();
                caps.dedup();
                assert_eq!(caps.len(), count, "{language} {page:?}");
            }
        }
    }

    #[test]
    fn large_letters() {
        assert_eq!(['a', 'é', 'ß', '7', 'ñ'].map(upper), ['A', 'É', 'ß', '7', 'Ñ']);
    }
}
