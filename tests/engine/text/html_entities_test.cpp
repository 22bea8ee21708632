#include "rank/engine/text/html_entities.h"

#include <gtest/gtest.h>

namespace longtake {
namespace {

struct Entity {
  std::string written;
  std::string meant;
};

class Entities : public testing::TestWithParam<Entity> {};

TEST_P(Entities, AreResolved) { EXPECT_EQ(unescape_html(GetParam().written), GetParam().meant); }

INSTANTIATE_TEST_SUITE_P(Html, Entities,
                         testing::Values(Entity{"a &amp; b", "a & b"}, Entity{"&lt;b&gt;", "<b>"},
                                         Entity{"&#8212;&#x2014;&#X2014;", "———"}, Entity{"&amp;lt;", "&lt;"},
                                         Entity{"it&#39;s", "it's"}, Entity{"5 &euro;", "5 €"}));

class NoEntities : public testing::TestWithParam<std::string> {};

TEST_P(NoEntities, Stay) { EXPECT_EQ(unescape_html(GetParam()), GetParam()); }

INSTANTIATE_TEST_SUITE_P(Html, NoEntities,
                         testing::Values("", "&", "&;", "salt & pepper; more", "&unknown;", "&#;", "&#x;",
                                         "&#0;", "&#xD800;", "&#1114112;", "&#12a;", "&amp",
                                         "&#99999999999;"));

}  // namespace
}  // namespace longtake
