//! The module table in `src/lib.rs` is the architecture: this test reads the sources and fails when a module
//! names one that its row does not allow.
#![allow(clippy::unwrap_used, clippy::expect_used)] // helpers of tests, not only tests, fail by panicking

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};
use syn::visit::Visit;

type Table = BTreeMap<String, BTreeSet<String>>;

#[test]
fn modules_name_only_what_the_table_allows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let table = table(&fs::read_to_string(root.join("lib.rs")).unwrap());
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for path in rust_files(&root) {
        let Some(module) = module_path(&root, &path) else { continue };
        seen.insert(module[0].clone());
        let source = fs::read_to_string(&path).unwrap();
        for named in forbidden(&table, &module, &source) {
            wrong.push(format!("{} names `{named}`", path.display()));
        }
    }
    assert!(wrong.is_empty(), "against the table in src/lib.rs:\n{}", wrong.join("\n"));
    let listed: BTreeSet<_> = table.keys().cloned().collect();
    assert_eq!(seen, listed, "the table lists exactly the modules there are");
}

#[test]
fn every_way_to_name_a_module_is_seen() {
    let table = table("//! | [`a`] | x | - |\n//! | [`b`] | x | a |\n//! | [`c`] | x | a b |");
    let named = |module: &[&str], source: &str| {
        let module: Vec<_> = module.iter().map(ToString::to_string).collect();
        forbidden(&table, &module, source).into_iter().collect::<Vec<_>>()
    };
    assert_eq!(named(&["a"], "use crate::b::Thing;"), ["b"]);
    assert_eq!(named(&["a"], "use crate::{b::{Thing, Other}, c};"), ["b", "c"]);
    assert_eq!(named(&["a"], "use super::b;"), ["b"]);
    assert_eq!(named(&["a", "inner"], "use super::super::c::Thing;"), ["c"]);
    assert_eq!(named(&["a"], "fn f() { let x = crate::b::make(1); }"), ["b"]);
    assert_eq!(named(&["a"], "fn f(x: &crate::c::Thing) {}"), ["c"]);
    assert_eq!(named(&["a"], "fn f() { println!(\"{}\", crate::b::X); }"), ["b"]);
    assert_eq!(named(&["a"], "mod inner { use super::super::b; }"), ["b"]);
    assert_eq!(named(&["a"], "use faceprint::b;"), ["b"]);
    assert!(named(&["b"], "use crate::a::X; use super::a; use self::inner::c; mod inner {}").is_empty());
    assert!(named(&["a", "inner"], "use super::b; // a::b, not crate::b").is_empty());
}

#[test]
fn sled_candle_and_anyhow_stay_where_the_design_puts_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let homes: [(&str, &[&str]); 6] = [
        ("sled", &["vault"]),
        ("candle_core", &["nn", "vision"]),
        ("candle_nn", &["nn", "vision"]),
        ("anyhow", &["cli"]),
        ("nokhwa", &["camera"]),
        ("egui", &["ui", "app"]),
    ];
    for path in rust_files(&root) {
        let Some(module) = module_path(&root, &path) else { continue };
        let source = fs::read_to_string(&path).unwrap();
        for (krate, homes) in homes {
            let word = format!("{krate}::");
            let used =
                source.lines().filter(|l| !l.trim_start().starts_with("//")).any(|l| l.contains(&word));
            assert!(!used || homes.contains(&module[0].as_str()), "{} uses {krate}", path.display());
        }
    }
}

/// Rows `| [`name`] | job | may use |` of the crate documentation.
fn table(lib: &str) -> Table {
    let rows: Vec<(String, String)> = lib
        .lines()
        .filter_map(|line| line.strip_prefix("//! | [`"))
        .map(|row| {
            let name = row.split('`').next().unwrap().to_owned();
            let may_use = row.trim_end_matches('|').rsplit('|').next().unwrap().trim().to_owned();
            (name, may_use)
        })
        .collect();
    assert!(rows.len() > 2, "no table found");
    let everything: BTreeSet<String> = rows.iter().map(|(name, _)| name.clone()).collect();
    rows.into_iter()
        .map(|(name, may_use)| {
            let allowed = match may_use.as_str() {
                "-" => BTreeSet::new(),
                "everything" => everything.clone(),
                list => list.split_whitespace().map(str::to_owned).collect(),
            };
            for other in &allowed {
                assert!(everything.contains(other), "row {name} allows `{other}`, which is no module");
            }
            (name, allowed)
        })
        .collect()
}

/// Top-level modules that `source` names and `module`'s row does not allow.
fn forbidden(table: &Table, module: &[String], source: &str) -> BTreeSet<String> {
    let file = syn::parse_file(source).unwrap();
    let mut names = Names { here: module.to_vec(), found: BTreeSet::new() };
    names.visit_file(&file);
    let allowed = table.get(&module[0]);
    names
        .found
        .into_iter()
        .filter(|name| table.contains_key(name) && *name != module[0])
        .filter(|name| allowed.is_none_or(|allowed| !allowed.contains(name)))
        .collect()
}

/// Collects the first segment below the crate root of every path.
struct Names {
    here: Vec<String>,
    found: BTreeSet<String>,
}

impl Names {
    /// Resolves `crate::…`, `faceprint::…` and leading `super::`s; other paths cannot reach another top-level module.
    fn path(&mut self, segments: &[String]) {
        let Some(first) = segments.first() else { return };
        if first == "crate" || first == "faceprint" {
            self.found.extend(segments.get(1).cloned());
            return;
        }
        let segments = if first == "self" { &segments[1..] } else { segments };
        let ups = segments.iter().take_while(|s| *s == "super").count();
        if ups > 0 && ups == self.here.len() {
            self.found.extend(segments.get(ups).cloned());
        }
    }

    fn tree(&mut self, before: &[String], tree: &syn::UseTree) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(p) => self.tree(&with(&p.ident), &p.tree),
            syn::UseTree::Name(n) => self.path(&with(&n.ident)),
            syn::UseTree::Rename(r) => self.path(&with(&r.ident)),
            syn::UseTree::Glob(_) => self.path(before),
            syn::UseTree::Group(g) => g.items.iter().for_each(|tree| self.tree(before, tree)),
        }
    }
}

impl<'a> Visit<'a> for Names {
    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        self.tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let segments: Vec<_> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        self.path(&segments);
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &'a syn::Macro) {
        // Inside a macro there are only tokens: take `crate :: name` and `super :: … :: name` as written.
        let text = mac.tokens.to_string().replace(' ', "");
        for (at, _) in text.match_indices("crate::").chain(text.match_indices("super::")) {
            let path =
                text[at..].split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).next().unwrap();
            let segments: Vec<_> = path.split("::").filter(|s| !s.is_empty()).map(str::to_owned).collect();
            self.path(&segments);
        }
        syn::visit::visit_macro(self, mac);
    }

    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        self.here.push(item.ident.to_string());
        syn::visit::visit_item_mod(self, item);
        self.here.pop();
    }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// `src/vault/journal.rs` is `["vault", "journal"]`; `src/vault/mod.rs` is `["vault"]`; the roots have none.
fn module_path(root: &Path, file: &Path) -> Option<Vec<String>> {
    let mut path: Vec<String> = file
        .strip_prefix(root)
        .unwrap()
        .with_extension("")
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    if path.last().is_some_and(|last| last == "mod") {
        path.pop();
    }
    (path[0] != "lib" && path[0] != "main").then_some(path)
}
