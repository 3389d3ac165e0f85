//! Is the client one that may ask?
//!
//! It shows the token of this server, or signs as AWS's clients do with the key of this server.

use std::str::FromStr;
use std::time::SystemTime;

use axum::body::Bytes;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Request, Uri};
use scratchstack_aws_signature::{
    GetSigningKeyRequest, GetSigningKeyResponse, KSecretKey, NO_ADDITIONAL_SIGNED_HEADERS,
    SignatureError, SignatureOptions, service_for_signing_key_fn, sigv4_validate_request,
};
use subtle::ConstantTimeEq;
use tower::BoxError;
use uuid::Uuid;

use super::error::ApiError;

/// The service that clients sign for.
const SERVICE: &str = "access-analyzer";

/// Characters of a secret access key, as AWS makes them.
const SECRET_LENGTH: usize = 40;

/// Stands before a token.
const BEARER: &[u8] = b"Bearer ";

/// What clients must know.
#[derive(Clone)]
pub(crate) struct Auth {
    token: String,
    key: Key,
    /// What the cookie of a browser holds that showed the token. Another one with each start.
    session: String,
}

/// An access key in the form of AWS's.
#[derive(Clone)]
pub(crate) struct Key {
    /// Tells the keys apart.
    pub(crate) id: String,
    /// Signs.
    pub(crate) secret: String,
}

/// Credentials that cannot be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(crate) enum BadCredentials {
    #[error("the token has {0} characters, expected 16 or more of the visible ones of ASCII")]
    #[diagnostic(help("leave TRAILWRIGHT_TOKEN unset: a random one is made and printed"))]
    Token(usize),
    #[error("the secret access key has {0} characters, expected 16 to 40")]
    #[diagnostic(help("leave TRAILWRIGHT_ACCESS_KEY_ID unset: a random key is made and printed"))]
    Secret(usize),
    #[error("of the access key's id and secret only one is given")]
    #[diagnostic(help(
        "set TRAILWRIGHT_ACCESS_KEY_ID and TRAILWRIGHT_SECRET_ACCESS_KEY, or none of them"
    ))]
    Half,
}

impl Key {
    /// A key that nobody can guess.
    pub(crate) fn random() -> Self {
        let id: String = random().to_uppercase().chars().take(16).collect();
        let secret: String = (random() + &random()).chars().take(SECRET_LENGTH).collect();
        Self {
            id: format!("TWIA{id}"),
            secret,
        }
    }

    /// The key of these parts, if both are there.
    pub(crate) fn given(
        id: Option<String>,
        secret: Option<String>,
    ) -> Result<Option<Self>, BadCredentials> {
        match (id, secret) {
            (Some(id), Some(secret)) => match secret.len() {
                16..=SECRET_LENGTH => Ok(Some(Self { id, secret })),
                length => Err(BadCredentials::Secret(length)),
            },
            (None, None) => Ok(None),
            _ => Err(BadCredentials::Half),
        }
    }
}

/// 122 bits that nobody can guess, from the operating system.
pub(crate) fn random() -> String {
    Uuid::new_v4().simple().to_string()
}

impl Auth {
    pub(crate) fn new(token: String, key: Key) -> Result<Self, BadCredentials> {
        let is_visible = token.bytes().all(|sign| sign.is_ascii_graphic());
        if token.len() < 16 || !is_visible {
            return Err(BadCredentials::Token(token.len()));
        }
        Ok(Self {
            token,
            key,
            session: random(),
        })
    }

    /// Whether this is the token, in a time that does not tell how much of it is right.
    pub(super) fn is_token(&self, given: &[u8]) -> bool {
        given.ct_eq(self.token.as_bytes()).into()
    }

    /// Whether this is what the cookie of a browser holds that showed the token.
    pub(super) fn is_session(&self, given: &[u8]) -> bool {
        given.ct_eq(self.session.as_bytes()).into()
    }

    /// For the cookie of a browser that showed the token.
    pub(super) fn session(&self) -> &str {
        &self.session
    }

    /// Whether the head of a request may be that of somebody who may ask.
    pub(super) fn check_head(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let Some(given) = headers.get(AUTHORIZATION) else {
            return Err(ApiError::forbidden(
                "MissingAuthenticationTokenException",
                "sign the request with the key of this server, or send its token: Authorization: Bearer TOKEN",
            ));
        };
        match given.as_bytes().strip_prefix(BEARER) {
            Some(token) => self.is_token(token).then_some(()).ok_or_else(|| {
                ApiError::forbidden("AccessDeniedException", "the token is not the server's")
            }),
            None => match scope(given).and_then(|mut scope| scope.next()) {
                Some(id) if id == self.key.id => Ok(()),
                Some(_) => Err(ApiError::forbidden(
                    "UnrecognizedClientException",
                    "the access key is not the server's",
                )),
                None => Err(ApiError::forbidden(
                    "IncompleteSignatureException",
                    "expected `Bearer TOKEN`, or a signature of AWS's version 4",
                )),
            },
        }
    }

    /// Whether a request, which is whole and whose head is right, is from somebody who may ask.
    pub(super) async fn check(&self, parts: &Parts, body: &Bytes) -> Result<(), ApiError> {
        match parts.headers.get(AUTHORIZATION) {
            Some(given) if given.as_bytes().starts_with(BEARER) => Ok(()),
            Some(given) => self.check_signature(given, parts, body).await,
            None => self.check_head(&parts.headers),
        }
    }

    async fn check_signature(
        &self,
        given: &HeaderValue,
        parts: &Parts,
        body: &Bytes,
    ) -> Result<(), ApiError> {
        // Any region will do: clients sign for the one that they are set to.
        let region = scope(given).and_then(|mut scope| scope.nth(2));
        let region = region.unwrap_or_default();
        let key = self.key.clone();
        // Named before it is handed over, as that would make it callable once only.
        let find_key =
            move |request: GetSigningKeyRequest| std::future::ready(signing_key(&key, &request));
        let mut find_key = service_for_signing_key_fn(find_key);
        let mut request = Request::new(body.clone());
        *request.method_mut() = parts.method.clone();
        *request.uri_mut() = encoded_again(&parts.uri);
        *request.version_mut() = parts.version;
        *request.headers_mut() = parts.headers.clone();
        let checked = sigv4_validate_request(
            request,
            region,
            SERVICE,
            &mut find_key,
            SystemTime::now().into(),
            &NO_ADDITIONAL_SIGNED_HEADERS,
            SignatureOptions::default(),
        );
        checked.await.map(|_| ()).map_err(|error| refused(&error))
    }
}

/// The URI with its path encoded once more, as all services but S3 sign it. That is left to the caller
/// of the library, which only brings a path into its normal form.
fn encoded_again(uri: &Uri) -> Uri {
    if !uri.path().contains('%') {
        return uri.clone();
    }
    let path = uri.path().replace('%', "%25");
    let again = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    // More of the same signs is a URI as well, unless it is too long: then no signature holds.
    again.parse().unwrap_or_else(|_| uri.clone())
}

fn signing_key(
    key: &Key,
    request: &GetSigningKeyRequest,
) -> Result<GetSigningKeyResponse, BoxError> {
    if request.access_key() != key.id {
        return Err(Box::new(SignatureError::InvalidClientTokenId(
            "the access key is not the server's".to_owned(),
        )));
    }
    let secret: KSecretKey = KSecretKey::from_str(&key.secret)?;
    let signing_key =
        secret.to_ksigning(request.request_date(), request.region(), request.service());
    let response = GetSigningKeyResponse::builder()
        .signing_key(signing_key)
        .build()?;
    Ok(response)
}

/// The parts of `ID/DATE/REGION/SERVICE/aws4_request` behind `Credential=`.
fn scope(given: &HeaderValue) -> Option<impl Iterator<Item = &str>> {
    let (_, scope) = given.to_str().ok()?.split_once("Credential=")?;
    Some(scope.split(',').next()?.split('/'))
}

/// The error that AWS's clients know for a signature that does not hold.
fn refused(error: &BoxError) -> ApiError {
    let known = error.downcast_ref::<SignatureError>();
    let code = match known {
        Some(SignatureError::InvalidClientTokenId(_)) => "UnrecognizedClientException",
        Some(SignatureError::ExpiredToken(_)) => "ExpiredTokenException",
        Some(SignatureError::IncompleteSignature(_)) => "IncompleteSignatureException",
        Some(SignatureError::MissingAuthenticationToken(_)) => {
            "MissingAuthenticationTokenException"
        }
        _ => "InvalidSignatureException",
    };
    let message = match known {
        Some(SignatureError::IO(_) | SignatureError::InternalServiceError(_)) | None => {
            tracing::error!(%error, "a signature was not checked");
            "the signature could not be checked".to_owned()
        }
        Some(known) => known.to_string(),
    };
    ApiError::forbidden(code, message)
}
