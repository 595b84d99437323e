<?php
// Search by photo within the shop's own query: php search.php PHOTO [SERVICE]; needs php-curl.
[, $photo, $service] = [...$argv, 'http://127.0.0.1:8000'];
$query = ['bool' => [
    'must' => ['match' => ['title' => 'jacket']],
    'must_not' => ['term' => ['brand' => 'Acme']],
]];
$request = curl_init("$service/api/v1/search");
curl_setopt_array($request, [
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_POSTFIELDS => [
        'image' => new CURLFile($photo),
        'query' => json_encode($query),
        'post_filter' => 'price:..17',
        'fields' => 'title,price',
        'sort' => 'price:asc',
        'top' => '5',
    ],
]);
$answer = json_decode((string) curl_exec($request), true);
if (curl_getinfo($request, CURLINFO_RESPONSE_CODE) !== 200) {
    fwrite(STDERR, ($answer['error']['message'] ?? curl_error($request)) . "\n");
    exit(1);
}
foreach ($answer['hits'] as $hit) {
    echo $hit['product_id'], "\t", $hit['product']['price'], "\t", $hit['product']['title'], "\n";
}
