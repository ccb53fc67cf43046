//! The modules of the program, file by file, and which of them use which.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::{Item, ItemMod};

use super::crates::{self, Crate, repository};
use super::references::{Names, is_for_tests, names_of};

/// A module that has a file of its own.
pub(super) struct File {
    /// Its path in the repository.
    pub(super) path: String,
    /// Its module path, such as `policy::objects::service`; that of the program's own modules begins with the module.
    pub(super) module: String,
    /// Whether it is the root of a crate.
    pub(super) is_root: bool,
}

/// A module and what stands in it.
struct Module {
    file: usize,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    names: Names,
}

/// All modules.
pub(super) struct Modules {
    files: Vec<File>,
    all: Vec<Module>,
    /// The library of each crate.
    crates: BTreeMap<String, usize>,
}

impl Modules {
    pub(super) fn of_program() -> Self {
        let mut modules = Self {
            files: Vec::new(),
            all: Vec::new(),
            crates: BTreeMap::new(),
        };
        for found in crates::of_program() {
            modules.add_crate(&found);
        }
        assert!(modules.files.len() > 100, "the program has more files");
        modules
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    /// Each file with one that it uses.
    pub(super) fn uses(&self) -> impl Iterator<Item = (&File, &File)> {
        let mut uses = BTreeSet::new();
        for (at, module) in self.all.iter().enumerate() {
            // A module that passes on what its own parts hold does not rest on them.
            let is_of_another = |path: &&Vec<String>| !module.children.contains_key(&path[0]);
            let passed_on = module.names.passed_on.iter().filter(is_of_another);
            for path in module.names.used.iter().chain(passed_on) {
                if let Some(target) = self.resolve(at, path, 0) {
                    uses.insert((module.file, self.all[target].file));
                }
            }
        }
        let other = uses.into_iter().filter(|(from, to)| from != to);
        other.map(|(from, to)| (&self.files[from], &self.files[to]))
    }

    fn add_crate(&mut self, found: &Crate) {
        for root in &found.roots {
            let is_library = root.ends_with("lib.rs");
            let name = if is_library {
                found.room.clone()
            } else {
                "main".to_owned()
            };
            let module = self.add_file(root, &name, None);
            self.files[self.all[module].file].is_root = is_library;
            if is_library {
                self.crates.insert(found.name.clone(), module);
            }
        }
    }

    fn add_file(&mut self, path: &Path, name: &str, parent: Option<usize>) -> usize {
        let text = fs::read_to_string(path).unwrap();
        let items = syn::parse_file(&text)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
            .items;
        let shown = path.strip_prefix(repository()).unwrap();
        self.files.push(File {
            path: shown.to_str().unwrap().to_owned(),
            module: name.to_owned(),
            is_root: false,
        });
        let stem = path.file_stem().unwrap();
        let folder = match stem.to_str() {
            Some("mod" | "lib" | "main") => path.parent().unwrap().to_owned(),
            _ => path.with_extension(""),
        };
        self.add_module(self.files.len() - 1, name, parent, &items, &folder)
    }

    fn add_module(
        &mut self,
        file: usize,
        name: &str,
        parent: Option<usize>,
        items: &[Item],
        folder: &Path,
    ) -> usize {
        let at = self.all.len();
        self.all.push(Module {
            file,
            parent,
            children: BTreeMap::new(),
            names: names_of(items),
        });
        for item in items {
            if let Item::Mod(child) = item
                && !is_for_tests(&child.attrs)
            {
                let id = self.add_child(file, name, at, child, folder);
                self.all[at].children.insert(child.ident.to_string(), id);
            }
        }
        at
    }

    fn add_child(
        &mut self,
        file: usize,
        name: &str,
        parent: usize,
        child: &ItemMod,
        folder: &Path,
    ) -> usize {
        let ident = child.ident.to_string();
        let name = if name.is_empty() {
            ident.clone()
        } else {
            format!("{name}::{ident}")
        };
        if let Some((_, items)) = &child.content {
            return self.add_module(file, &name, Some(parent), items, &folder.join(&ident));
        }
        let candidates = [
            folder.join(format!("{ident}.rs")),
            folder.join(&ident).join("mod.rs"),
        ];
        let path: Option<&PathBuf> = candidates.iter().find(|path| path.is_file());
        let path = path.unwrap_or_else(|| panic!("{name} has no file"));
        self.add_file(path, &name, Some(parent))
    }

    /// The module in which that stands which `path` leads to from module `from`, re-exports followed. `None`: it is
    /// not of the program.
    fn resolve(&self, from: usize, path: &[String], depth: usize) -> Option<usize> {
        let (first, rest) = path.split_first()?;
        let start = match first.as_str() {
            "crate" => self.root(from),
            "self" => from,
            "super" => self.all[from].parent?,
            name => {
                let module = &self.all[from];
                if let Some(child) = module.children.get(name) {
                    *child
                } else if let Some(target) = module.names.bound.get(name)
                    && depth < 8
                    && target != path
                {
                    let longer = [target.as_slice(), rest].concat();
                    return self.resolve(from, &longer, depth + 1);
                } else {
                    *self.crates.get(name)?
                }
            }
        };
        self.walk(start, rest, depth)
    }

    fn walk(&self, from: usize, path: &[String], depth: usize) -> Option<usize> {
        let Some((first, rest)) = path.split_first() else {
            return Some(from);
        };
        let module = &self.all[from];
        if first == "super" {
            return self.walk(module.parent?, rest, depth);
        }
        if let Some(child) = module.children.get(first) {
            return self.walk(*child, rest, depth);
        }
        if module.names.items.contains(first) || depth >= 8 {
            return Some(from);
        }
        if let Some(target) = module.names.bound.get(first) {
            let longer = [target.as_slice(), rest].concat();
            // What is not of the program, such as a re-exported type of another crate, stands here for the program.
            return self.resolve(from, &longer, depth + 1).or(Some(from));
        }
        let globs = module
            .names
            .globs
            .iter()
            .filter_map(|glob| self.resolve(from, glob, depth + 1));
        let holder = globs.into_iter().find(|target| {
            let names = &self.all[*target].names;
            names.items.contains(first) || names.bound.contains_key(first)
        });
        match holder {
            Some(target) => self.walk(target, path, depth + 1),
            None => Some(from),
        }
    }

    fn root(&self, of: usize) -> usize {
        let mut at = of;
        while let Some(parent) = self.all[at].parent {
            at = parent;
        }
        at
    }
}
