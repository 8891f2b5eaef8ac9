//! What the fuzz targets share.

pub mod kept;
pub mod made;
