// Search by photo within the shop's own query: node search.js PHOTO [SERVICE]; node 18 or later.
const { readFile } = require("node:fs/promises");

async function main(photo, service = "http://127.0.0.1:8000") {
  const query = {
    bool: { must: { match: { title: "jacket" } }, must_not: { term: { brand: "Acme" } } },
  };
  const form = new FormData();
  form.set("image", new Blob([await readFile(photo)]), "photo");
  form.set("query", JSON.stringify(query));
  form.set("post_filter", "price:..17");
  form.set("fields", "title,price");
  form.set("sort", "price:asc");
  form.set("top", "5");
  const response = await fetch(`${service}/api/v1/search`, { method: "POST", body: form });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error.message);
  for (const { product_id, product } of answer.hits) {
    console.log([product_id, product.price, product.title].join("\t"));
  }
}

main(...process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
