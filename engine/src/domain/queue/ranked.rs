//! An ordered set that knows how many of its members come before another: a tree whose halves never differ by more
//! than three to one, each node with the size of what hangs below it. It lives in one vector and needs no luck:
//! every step is O(log n), whatever the order in which members come and go.

use std::cmp::Ordering;

const NONE: u32 = u32::MAX;
/// One half may weigh this many times the other (weight: size + 1) …
const HEAVIER_AT_MOST: u32 = 3;
/// … and one rotation is enough while the inner part weighs less than this many times the outer one. The pair
/// (3, 2) keeps the balance through insertion and removal alike.
const INNER_LIGHTER_THAN: u32 = 2;

#[derive(Debug, Clone)]
struct Node<K> {
    key: K,
    left: u32,
    right: u32,
    size: u32,
}

/// A set of at most 2³² − 1 keys.
#[derive(Debug, Clone)]
pub struct Ranked<K> {
    nodes: Vec<Node<K>>,
    spare: Vec<u32>,
    root: u32,
}

impl<K> Default for Ranked<K> {
    fn default() -> Self {
        Self { nodes: Vec::new(), spare: Vec::new(), root: NONE }
    }
}

impl<K: Ord + Copy> Ranked<K> {
    /// Members.
    pub fn len(&self) -> usize {
        self.size(self.root) as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.root == NONE
    }

    /// Adds a key; `false`: it was there.
    pub fn insert(&mut self, key: K) -> bool {
        let before = self.len();
        self.root = self.insert_below(self.root, key);
        self.len() > before
    }

    /// Removes a key; `false`: it was not there.
    pub fn remove(&mut self, key: &K) -> bool {
        let before = self.len();
        self.root = self.remove_below(self.root, key);
        self.len() < before
    }

    /// How many come before that member; `None`: it is none.
    pub fn rank(&self, key: &K) -> Option<usize> {
        let (mut at, mut before) = (self.root, 0);
        while at != NONE {
            let node = self.node(at);
            match key.cmp(&node.key) {
                Ordering::Less => at = node.left,
                Ordering::Equal => return Some((before + self.size(node.left)) as usize),
                Ordering::Greater => {
                    before += self.size(node.left) + 1;
                    at = node.right;
                }
            }
        }
        None
    }

    /// The members in order.
    pub fn iter(&self) -> Iter<'_, K> {
        let mut iter = Iter { tree: self, path: Vec::new() };
        iter.descend(self.root);
        iter
    }

    fn node(&self, at: u32) -> &Node<K> {
        &self.nodes[at as usize]
    }

    fn node_mut(&mut self, at: u32) -> &mut Node<K> {
        &mut self.nodes[at as usize]
    }

    fn size(&self, at: u32) -> u32 {
        if at == NONE { 0 } else { self.node(at).size }
    }

    fn weight(&self, at: u32) -> u32 {
        self.size(at) + 1
    }

    fn make(&mut self, key: K) -> u32 {
        let node = Node { key, left: NONE, right: NONE, size: 1 };
        if let Some(at) = self.spare.pop() {
            *self.node_mut(at) = node;
            at
        } else {
            self.nodes.push(node);
            (self.nodes.len() - 1) as u32
        }
    }

    fn insert_below(&mut self, at: u32, key: K) -> u32 {
        if at == NONE {
            return self.make(key);
        }
        match key.cmp(&self.node(at).key) {
            Ordering::Equal => return at,
            Ordering::Less => {
                let left = self.insert_below(self.node(at).left, key);
                self.node_mut(at).left = left;
            }
            Ordering::Greater => {
                let right = self.insert_below(self.node(at).right, key);
                self.node_mut(at).right = right;
            }
        }
        self.balance(at)
    }

    fn remove_below(&mut self, at: u32, key: &K) -> u32 {
        if at == NONE {
            return NONE;
        }
        match key.cmp(&self.node(at).key) {
            Ordering::Less => {
                let left = self.remove_below(self.node(at).left, key);
                self.node_mut(at).left = left;
            }
            Ordering::Greater => {
                let right = self.remove_below(self.node(at).right, key);
                self.node_mut(at).right = right;
            }
            Ordering::Equal => {
                let (left, right) = (self.node(at).left, self.node(at).right);
                if left == NONE || right == NONE {
                    self.spare.push(at);
                    return if left == NONE { right } else { left };
                }
                // The next in order takes its place, and leaves its own.
                let next = self.leftmost(right);
                let successor = self.node(next).key;
                let right = self.remove_below(right, &successor);
                let node = self.node_mut(at);
                node.key = successor;
                node.right = right;
            }
        }
        self.balance(at)
    }

    fn leftmost(&self, mut at: u32) -> u32 {
        while self.node(at).left != NONE {
            at = self.node(at).left;
        }
        at
    }

    fn resize(&mut self, at: u32) {
        let size = 1 + self.size(self.node(at).left) + self.size(self.node(at).right);
        self.node_mut(at).size = size;
    }

    fn balance(&mut self, at: u32) -> u32 {
        let (left, right) = (self.node(at).left, self.node(at).right);
        if self.weight(right) > HEAVIER_AT_MOST * self.weight(left) {
            let (inner, outer) = (self.node(right).left, self.node(right).right);
            if self.weight(inner) >= INNER_LIGHTER_THAN * self.weight(outer) {
                let lifted = self.lift_left(right);
                self.node_mut(at).right = lifted;
            }
            self.lift_right(at)
        } else if self.weight(left) > HEAVIER_AT_MOST * self.weight(right) {
            let (outer, inner) = (self.node(left).left, self.node(left).right);
            if self.weight(inner) >= INNER_LIGHTER_THAN * self.weight(outer) {
                let lifted = self.lift_right(left);
                self.node_mut(at).left = lifted;
            }
            self.lift_left(at)
        } else {
            self.resize(at);
            at
        }
    }

    /// Puts the right child above its parent.
    fn lift_right(&mut self, at: u32) -> u32 {
        let child = self.node(at).right;
        self.node_mut(at).right = self.node(child).left;
        self.node_mut(child).left = at;
        self.resize(at);
        self.resize(child);
        child
    }

    /// Puts the left child above its parent.
    fn lift_left(&mut self, at: u32) -> u32 {
        let child = self.node(at).left;
        self.node_mut(at).left = self.node(child).right;
        self.node_mut(child).right = at;
        self.resize(at);
        self.resize(child);
        child
    }
}

/// Members in order; a step costs O(1) on average.
pub struct Iter<'a, K> {
    tree: &'a Ranked<K>,
    path: Vec<u32>,
}

impl<K: Ord + Copy> Iter<'_, K> {
    fn descend(&mut self, mut at: u32) {
        while at != NONE {
            self.path.push(at);
            at = self.tree.node(at).left;
        }
    }
}

impl<K: Ord + Copy> Iterator for Iter<'_, K> {
    type Item = K;

    fn next(&mut self) -> Option<K> {
        let at = self.path.pop()?;
        self.descend(self.tree.node(at).right);
        Some(self.tree.node(at).key)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Asserts order, sizes and balance below a node, and answers with its height.
    fn sound(tree: &Ranked<u16>, at: u32) -> u32 {
        if at == NONE {
            return 0;
        }
        let node = tree.node(at);
        let (left, right) = (tree.weight(node.left), tree.weight(node.right));
        assert!(left <= HEAVIER_AT_MOST * right && right <= HEAVIER_AT_MOST * left, "{left} beside {right}");
        assert_eq!(node.size, left + right - 1);
        1 + sound(tree, node.left).max(sound(tree, node.right))
    }

    proptest! {
        #[test]
        fn it_is_a_sorted_set_that_knows_every_rank(steps in prop::collection::vec((any::<bool>(), 0_u16..300), 0..600)) {
            let (mut tree, mut model) = (Ranked::default(), BTreeSet::new());
            for (add, key) in steps {
                if add {
                    prop_assert_eq!(tree.insert(key), model.insert(key));
                } else {
                    prop_assert_eq!(tree.remove(&key), model.remove(&key));
                }
                prop_assert_eq!(tree.rank(&key), model.contains(&key).then(|| model.range(..key).count()));
                sound(&tree, tree.root);
            }
            prop_assert_eq!(tree.len(), model.len());
            prop_assert!(tree.iter().eq(model.iter().copied()));
            for (rank, key) in model.iter().enumerate() {
                prop_assert_eq!(tree.rank(key), Some(rank));
            }
        }
    }

    #[test]
    fn arrivals_in_order_and_service_from_the_front_keep_it_flat() {
        let mut tree = Ranked::default();
        for key in 0..20_000_u16 {
            tree.insert(key);
        }
        assert!(sound(&tree, tree.root) <= 28);
        for key in 0..19_000_u16 {
            assert_eq!(tree.rank(&key), Some(0));
            assert!(tree.remove(&key));
        }
        assert!(sound(&tree, tree.root) <= 20);
        assert_eq!(tree.nodes.len(), 20_000);
        for key in 0..19_000_u16 {
            tree.insert(key);
        }
        assert_eq!(tree.nodes.len(), 20_000, "freed places are used again");
    }
}
