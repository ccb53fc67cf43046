use crate::Installed;
pub(crate) const CASES: &[Installed] = &[];
