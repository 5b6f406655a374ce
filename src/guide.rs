//! How to write recipes, from the first stage to a frontend of your own: the pages of the folder `docs`.
//!
//! 1. [What is a stage](a_stage)
//! 2. [Several stages](several_stages)
//! 3. [Macros](macros)
//! 4. [A recipe](a_recipe)
//! 5. [A program](a_program)
//! 6. [Tests](tests)
//! 7. [In production](production)
//!
//! [For people who know Dockerfiles](dockerfiles): what each instruction is here, and what becomes of BuildKit's lint rules.
//!
//! The code of every page is compiled and run by the tests.

#[doc = include_str!("../docs/tutorial/1-a-stage.md")]
pub mod a_stage {}

#[doc = include_str!("../docs/tutorial/2-several-stages.md")]
pub mod several_stages {}

#[doc = include_str!("../docs/tutorial/3-macros.md")]
pub mod macros {}

#[doc = include_str!("../docs/tutorial/4-a-recipe.md")]
pub mod a_recipe {}

#[doc = include_str!("../docs/tutorial/5-a-program.md")]
pub mod a_program {}

#[doc = include_str!("../docs/tutorial/6-tests.md")]
pub mod tests {}

#[doc = include_str!("../docs/tutorial/7-production.md")]
pub mod production {}

#[doc = include_str!("../docs/dockerfiles.md")]
pub mod dockerfiles {}
