//! Who may talk to the API server: one administrator and one ordinary user, each with a token.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::Error;

/// A member of `system:masters`, whom RBAC lets do everything.
const ADMINISTRATOR: &str = "administrator";
/// A user whom RBAC lets do nothing, until a test binds a role to the user or to the group `developers`.
const DEVELOPER: &str = "developer";

/// The users' credentials as files.
pub(crate) struct Users {
    /// For `--token-auth-file`.
    pub(crate) tokens: PathBuf,
    pub(crate) administrator: PathBuf,
    pub(crate) developer: PathBuf,
}

impl Users {
    /// Makes tokens and writes them, with a kubeconfig for each user, into `folder`.
    pub(crate) fn write_into(
        folder: &Path,
        api_server: &str,
        authority: &Path,
    ) -> Result<Self, Error> {
        let write = |name: &str, content: String| {
            let path = folder.join(name);
            fs::write(&path, content).map_err(Error::io(format!("write {}", path.display())))?;
            Ok::<_, Error>(path)
        };
        let (administrator, developer) = (token()?, token()?);
        let kubeconfig = |user, token: &str| {
            write(
                &format!("{user}.kubeconfig"),
                kubeconfig(api_server, authority, user, token),
            )
        };
        Ok(Self {
            tokens: write(
                "tokens.csv",
                format!(
                    "{administrator},{ADMINISTRATOR},1,\"system:masters\"\n{developer},{DEVELOPER},2,\"developers\"\n"
                ),
            )?,
            administrator: kubeconfig(ADMINISTRATOR, &administrator)?,
            developer: kubeconfig(DEVELOPER, &developer)?,
        })
    }
}

fn token() -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Error::io("draw random bytes")(error.into()))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// JSON, which every reader of kubeconfigs takes as the YAML that it is.
fn kubeconfig(api_server: &str, authority: &Path, user: &str, token: &str) -> String {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {"server": api_server, "certificate-authority": authority}}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": user, "context": {"cluster": "test", "user": user}}],
        "current-context": user,
    })
    .to_string()
}
