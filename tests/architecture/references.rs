//! What a module names: in `use`, in paths, and in the arguments of macros.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, Macro, UseTree, Visibility};

/// The names of a module.
#[derive(Default)]
pub(super) struct Names {
    /// What is defined in it.
    pub(super) items: BTreeSet<String>,
    /// What `use` calls by a name, and where that leads.
    pub(super) bound: BTreeMap<String, Vec<String>>,
    /// Where `use …::*` leads.
    pub(super) globs: Vec<Vec<String>>,
    /// What it passes on by `pub use`.
    pub(super) passed_on: BTreeSet<Vec<String>>,
    /// Every other path in it.
    pub(super) used: BTreeSet<Vec<String>>,
}

/// Whether an item is only there for tests.
pub(super) fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("test")
            || (attribute.path().is_ident("cfg")
                && attribute
                    .parse_args::<syn::Ident>()
                    .is_ok_and(|condition| condition == "test"))
    })
}

pub(super) fn names_of(items: &[Item]) -> Names {
    let mut names = Names::default();
    for item in items {
        if let Some(name) = name_of(item) {
            names.items.insert(name);
        }
        names.visit_item(item);
    }
    names
}

fn name_of(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

fn attributes_of(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item(&mut self, item: &'ast Item) {
        if !is_for_tests(attributes_of(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if !is_for_tests(&function.attrs) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    /// Modules within are looked at for themselves.
    fn visit_item_mod(&mut self, _: &'ast ItemMod) {}

    /// `pub(super)` uses nothing.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let mut tree = Names::default();
        tree.tree(&item.tree, &mut Vec::new());
        self.bound.extend(tree.bound);
        self.globs.extend(tree.globs);
        if matches!(item.vis, Visibility::Inherited) {
            self.used.extend(tree.used);
        } else {
            self.passed_on.extend(tree.used);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            let segments = path.segments.iter();
            self.used
                .insert(segments.map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, called: &'ast Macro) {
        self.visit_path(&called.path);
        self.tokens(called.tokens.clone());
    }
}

impl Names {
    fn tree(&mut self, tree: &UseTree, before: &mut Vec<String>) {
        match tree {
            UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.tree(&path.tree, before);
                before.pop();
            }
            UseTree::Name(name) => {
                self.bind(&name.ident.to_string(), &name.ident.to_string(), before);
            }
            UseTree::Rename(name) => {
                self.bind(&name.ident.to_string(), &name.rename.to_string(), before);
            }
            UseTree::Glob(_) => {
                self.used.insert(before.clone());
                self.globs.push(before.clone());
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(tree, before);
                }
            }
        }
    }

    fn bind(&mut self, name: &str, called: &str, before: &[String]) {
        let mut path = before.to_vec();
        let mut called = called.to_owned();
        if name == "self" {
            if called == "self" {
                called = before.last().cloned().unwrap_or_default();
            }
        } else {
            path.push(name.to_owned());
        }
        self.used.insert(path.clone());
        self.bound.insert(called, path);
    }

    /// The paths among the tokens of a macro.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.end(&mut path);
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.end(&mut path);
                    self.tokens(group.stream());
                }
                _ => self.end(&mut path),
            }
        }
        self.end(&mut path);
    }

    fn end(&mut self, path: &mut Vec<String>) {
        if path.len() > 1 {
            self.used.insert(std::mem::take(path));
        }
        path.clear();
    }
}
